"""The data card and its dialogs: upload, reading, columns, kinds."""

"""What is stored: tables, experiments, runs, histories, in one database and one folder."""

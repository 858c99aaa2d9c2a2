"""What a class sees: the page Class, the teacher's view, the presenter's view, and what learners take home."""

"""Who diagnoses: a thread and its diagnoser, a warm child process, and the diagnoses the pages see."""

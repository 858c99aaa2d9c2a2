"""Who diagnoses.

`Diagnoses` are what the pages ask for and look at. The `Clinic` is the thread that takes them from the
`DiagnosisQueue`, one at a time, and has its `Diagnoser` carry them out, a child process; that one's `TrialRunner` has
the trainers train the trials, and `written` is what is kept of the report.
"""

"""The grader of learners' notebooks: command, notebooks, and one process."""

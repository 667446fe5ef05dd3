"""The cases by name, in the order in which they are run."""
CASES = {}


def case(name, what):
    """Adds a case: a function of (stage, options) that gives a Result."""
    def add(function):
        CASES[name] = (what, function)
        return function
    return add

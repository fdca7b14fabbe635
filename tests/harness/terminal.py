"""A program with a terminal in front of it."""

import os
import pty


def on_a_terminal(command, question, typed, env):
    """Types when the question stands there: the exit status, and what the terminal showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], [str(word) for word in command], env)
    said = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the child has gone
            break
        if not piece:
            break
        said += piece
        if typed and question.encode() in said:
            os.write(terminal, typed)
            typed = b""
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode(errors="replace")

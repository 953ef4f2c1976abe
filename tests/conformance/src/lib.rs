//! Judges from outside: suites that others wrote, and programs that others wrote, asked about what the
//! gateway reads, writes and describes. Everything is in `tests/`; see the README for each judge, its
//! licence, and what it is known to say no to.

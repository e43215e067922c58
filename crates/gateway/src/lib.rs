//! Ways out: the SMPP client session, and the simulator of an SMSC.

//! Any octets of a connection are cut into PDUs and read, by the client and by the simulator, without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| clarion_gateway::fuzzing::read(octets));

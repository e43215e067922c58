//! The file jobs: streams of contacts through the domain, without database and network.

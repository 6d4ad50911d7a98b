//! Observables: everything a text can point at that a defender collects, each kind a type of its
//! own that cannot hold a wrong value. (STIX 2.1 calls them cyber-observables.) The four of them
//! that a backend has reports on are also an [`Indicator`](crate::indicator::Indicator).

//! Addresses: public suffixes, the Safe Browsing form, privacy.

use crate::harness::subjects;

subjects! {}

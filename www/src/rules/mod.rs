//! The page of the YARA rules: Quorum's own pack, packs from addresses, and the user's own rules with an
//! editor.

mod editor;
mod highlight;
mod library;
mod page;

pub(crate) use page::Rules;

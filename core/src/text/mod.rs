//! Running text: undoing the spellings that keep an observable from being clicked, making such
//! spellings, and finding observables with the place where they stand.

mod defang;
mod extract;
mod refang;

pub use defang::{DefangStyle, defang};
pub use extract::{
    Extractor, Found, Hit, LeftOut, Options, Reason, Strictness, extract, extract_bytes, indicators,
};
pub use refang::refang;

/// Most indicators that a selection of text is read for.
pub const MAX_EXTRACTED: usize = 100;

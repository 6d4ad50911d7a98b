//! Running text: undoing the spellings that keep an observable from being clicked, making such
//! spellings, and finding observables with the place where they stand.

#[cfg(feature = "observables")]
mod defang;
#[cfg(feature = "observables")]
mod extract;
mod refang;

#[cfg(feature = "observables")]
pub use defang::{DefangStyle, defang};
#[cfg(feature = "observables")]
pub use extract::{
    Extractor, Found, Hit, LeftOut, Options, Reason, Strictness, extract, extract_bytes,
    indicators, indicators_as_written,
};
pub use refang::refang;
pub(crate) use refang::refang_common;

/// Most indicators that a selection of text is read for.
#[cfg(feature = "observables")]
pub const MAX_EXTRACTED: usize = 100;

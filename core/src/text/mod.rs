//! Running text: undoing the spellings that keep an observable from being clicked, making such
//! spellings, and finding observables with the place where they stand.

//! What is taken off an address before it is sent, and what is never sent at all.

//! What holds for every object whatever.

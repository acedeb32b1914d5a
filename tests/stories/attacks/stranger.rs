//! A stranger: who may call, and whom we do not know.

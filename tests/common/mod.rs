pub mod static_host;

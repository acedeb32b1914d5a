fn main() -> std::process::ExitCode {
    cloudim::run(std::env::args_os())
}

//! Lines on standard output. `println!` would panic where nobody reads on (`... | head`), and what was
//! asked for would be done by half.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, Write},
};

/// Prints a line. Whoever reads no further wants no more: that is no error.
pub(crate) fn line(text: Arguments<'_>) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Prints a line that is written as for `println!`.
macro_rules! tell {
    ($($text:tt)*) => {
        $crate::print::line(format_args!($($text)*))
    };
}

pub(crate) use tell;

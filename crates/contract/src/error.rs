//! Errors as tables: one row per error, with status, code and sentence.

/// One row of an error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// The HTTP status.
    pub status: u16,
    /// Better Auth's code. A few errors of Better Auth have a sentence and no code.
    pub code: Option<&'static str>,
    /// The sentence a person may read. Where neither it nor a code is there, the answer has no body.
    pub message: &'static str,
}

/// An error that has a row.
pub trait Coded: Send + 'static {
    /// Every row of the table, for the API description and the tests.
    const ROWS: &'static [ErrorRow];
    /// The row of this error.
    fn row(&self) -> &'static ErrorRow;
}

/// No error beyond those of the transport.
#[derive(Debug)]
pub enum Never {}

impl Coded for Never {
    const ROWS: &'static [ErrorRow] = &[];
    fn row(&self) -> &'static ErrorRow {
        match *self {}
    }
}

/// Declares an error table: `Variant = status "CODE" "sentence"`, or `Variant = status none "sentence"`.
macro_rules! errors {
    ($(#[$doc:meta])* pub enum $name:ident { $($variant:ident = $status:literal $code:tt $message:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = concat!(stringify!($status), ": ", $message)] $variant,)* }

        impl $crate::Coded for $name {
            const ROWS: &'static [$crate::ErrorRow] = &[
                $($crate::ErrorRow { status: $status, code: $crate::error::errors!(@code $code), message: $message },)*
            ];
            fn row(&self) -> &'static $crate::ErrorRow {
                match self {
                    $(Self::$variant => &$crate::ErrorRow {
                        status: $status,
                        code: $crate::error::errors!(@code $code),
                        message: $message,
                    },)*
                }
            }
        }
    };
    (@code none) => { None };
    (@code $code:literal) => { Some($code) };
}
pub(crate) use errors;

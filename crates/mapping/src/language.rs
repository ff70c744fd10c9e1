//! The expression engine: minijinja's expressions with our filters. Nothing in it reaches a file, the network or a clock,
//! and fuel bounds how long it can run.

use std::sync::LazyLock;

use minijinja::{Environment, Error, Expression, UndefinedBehavior};

/// Steps one expression may take.
const FUEL: u64 = 20_000;
/// Longest result of one expression, in bytes.
pub(crate) const RESULT_MAX: usize = 1 << 20;
/// The name under which [`crate::facts`] hands over the zone; no expression can spell it.
pub(crate) const ZONE: &str = " zone";

static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::new();
    // Absent facts are blank, all the way down; unknown *names* are refused when the mapping is compiled.
    language.set_undefined_behavior(UndefinedBehavior::Chainable);
    language.set_fuel(Some(FUEL));
    // On by default in a debug build: the debug form of an error then shows the values it came from.
    language.set_debug(false);
    crate::helpers::register(&mut language);
    // The only global functions are ours: what builds or repeats is gone.
    for builtin in ["range", "dict", "namespace", "debug", "lipsum", "cycler", "joiner"] {
        language.remove_global(builtin);
    }
    language
});

/// Compiles one expression.
pub(crate) fn compile(source: &str) -> Result<Expression<'static, 'static>, Error> {
    LANGUAGE.compile_expression_owned(source.to_owned())
}

//! JSON Schema 2020-12 over a [`Document`], without copying it.
//!
//! The validator walks the tree in place ([`tree`]) under a schema whose references are written
//! out, so its depth is the contract's, whatever a sender nests. A record that conforms costs one
//! walk that stops nowhere and builds nothing. One that does not is walked again for every
//! violation, and each is told from the schema's own words ([`report`]): no error ever holds a value
//! of the record, because the walk hands none out. The rules that JSON Schema lacks or that would
//! pass through floating point are keywords of our own ([`keywords`]).

mod formats;
mod keywords;
mod report;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;

use jsonschema::PatternOptions;
use serde_json::Value;

pub(crate) use self::formats::FORMATS;
use self::tree::Tree;
use crate::{CodeLists, Document, Violation};

/// A compiled validator.
pub(crate) struct Validator {
    schema: Arc<Value>,
    code_lists: Arc<CodeLists>,
    compiled: jsonschema::Validator<Tree>,
}

impl Validator {
    /// Compiles a schema that [`crate::schema`] has accepted and written out.
    ///
    /// # Errors
    /// The JSON pointer into `schema` of what does not compile; the subset leaves little that could.
    pub(crate) fn compile(schema: Value, code_lists: &Arc<CodeLists>) -> Result<Self, String> {
        let options = jsonschema::options_for::<Tree>()
            .with_draft(jsonschema::Draft::Draft202012)
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false);
        let options = formats::register(options);
        let options = keywords::register(options, code_lists);
        let compiled = options.build(&schema).map_err(|error| error.instance_path().as_str().to_owned())?;
        Ok(Self { schema: Arc::new(schema), code_lists: Arc::clone(code_lists), compiled })
    }

    /// Every violation of `record`, in document order, at most `limit`.
    pub(crate) fn check(&self, record: &Document<'_>, limit: usize) -> Result<(), Vec<Violation>> {
        if self.compiled.is_valid(record) {
            return Ok(());
        }
        let reporter = report::Reporter { schema: &self.schema, code_lists: &self.code_lists, record };
        Err(reporter.violations(self.compiled.iter_errors(record), limit))
    }
}

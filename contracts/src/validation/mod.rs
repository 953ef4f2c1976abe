//! JSON Schema 2020-12 over a [`Document`], without copying it.
//!
//! The validator walks the tree in place ([`tree`]) under a schema whose references are written
//! out, so its depth is the contract's, whatever a sender nests. A record that conforms costs one
//! walk that builds nothing. One that does not is walked again for its violations, and each is told
//! from the schema's own words ([`report`]): no error ever holds a value of the record, because the
//! walk hands none out. The rules that JSON Schema lacks or that would pass through floating point
//! are keywords of our own ([`keywords`]); the one that needs two values that may stand far apart, a
//! code and the date it is read by, walks the record by itself ([`editions`]).
//!
//! Most records conform, and that is told in one walk before the library is asked ([`quick`]).
//!
//! The library finds every error before it gives out the first. What a sender can repeat without
//! end, the items of lists, is therefore not left to it: each list's items have a validator of their
//! own, and the search for violations ends when enough are found. Geometries are not left to it either:
//! what makes one sound is more than JSON Schema can say ([`crate::geometry`]).

mod editions;
mod formats;
mod keywords;
mod matcher;
pub(crate) mod order;
mod quick;
mod report;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;

use jsonschema::{PatternOptions, Retrieve, ValidationOptions};
use serde_json::{Map, Value};

pub(crate) use self::formats::{FORMATS, Xsd, format};
use self::{
    editions::Editions,
    quick::Quick,
    report::{Placed, Reporter},
    tree::Tree,
};
use crate::{
    CodeLists, Document, RecordShape, Violation,
    geometry::{self, GeometryForm},
};

type Options = ValidationOptions<'static, Arc<dyn Retrieve>, Tree>;

/// A compiled validator of one record.
pub(crate) struct Validator {
    quick: Quick,
    root: Level,
    editions: Editions,
    code_lists: Arc<CodeLists>,
}

/// The rules of a record, or of a list's item, down to the lists within it.
struct Level {
    /// Without the schemas of items.
    schema: Value,
    compiled: jsonschema::Validator<Tree>,
    lists: Vec<List>,
    geometries: Vec<Geometry>,
}

/// A geometry within a level.
struct Geometry {
    /// The names that lead to it through records; none when it is the level itself.
    path: Vec<String>,
    form: GeometryForm,
}

/// A list within a level.
struct List {
    /// The names that lead to it through records.
    path: Vec<String>,
    /// The rules of an item.
    level: Level,
}

/// Where a level stands in the whole record.
#[derive(Clone, Default)]
struct At {
    /// Its index at each level above, members and items alike: what violations are sorted by.
    position: Vec<usize>,
    /// Its JSON pointer.
    path: String,
}

impl Validator {
    /// Compiles a schema that [`crate::schema`] has accepted and written out, and its shape.
    ///
    /// # Errors
    /// The JSON pointer of what does not compile; the subset leaves little that could.
    pub(crate) fn compile(
        schema: Value,
        shape: &RecordShape,
        code_lists: &Arc<CodeLists>,
    ) -> Result<Self, String> {
        let options = jsonschema::options_for::<Tree>()
            .with_draft(jsonschema::Draft::Draft202012)
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false);
        let options = keywords::register(formats::register(options), code_lists);
        Ok(Self {
            quick: Quick::of(&schema, code_lists),
            root: Level::compile(schema, &options)?,
            editions: Editions::of(shape, code_lists),
            code_lists: Arc::clone(code_lists),
        })
    }

    /// The code lists that codes are looked up in.
    pub(crate) fn code_lists(&self) -> &Arc<CodeLists> {
        &self.code_lists
    }

    /// The first `limit` violations of `record`, in document order.
    pub(crate) fn check(&self, record: &Document<'_>, limit: usize) -> Result<(), Vec<Violation>> {
        if (self.quick.accepts(record) || self.root.conforms(record)) && self.editions.conform(record) {
            return Ok(());
        }
        let mut placed = Vec::new();
        self.root.report(record, &At::default(), &self.code_lists, limit, &mut placed);
        self.editions.report(record, limit, &mut placed);
        placed.sort_by(|(one, _), (two, _)| one.cmp(two));
        placed.truncate(limit);
        Err(placed.into_iter().map(|(_, violation)| violation).collect())
    }
}

impl Level {
    fn compile(mut schema: Value, options: &Options) -> Result<Self, String> {
        let mut taken = Taken::default();
        taken.take(&mut schema, &mut Vec::new(), options)?;
        let compiled = options.build(&schema).map_err(|error| error.instance_path().as_str().to_owned())?;
        Ok(Self { schema, compiled, lists: taken.lists, geometries: taken.geometries })
    }

    fn conforms(&self, value: &Document<'_>) -> bool {
        self.compiled.is_valid(value)
            && self.geometries.iter().all(|geometry| {
                found(value, &geometry.path).is_none_or(|found| geometry.form.conforms(found))
            })
            && self.lists.iter().all(|list| list.found(value).iter().all(|item| list.level.conforms(item)))
    }

    /// Adds the level's own violations, which its schema bounds, and at least the first `limit` of
    /// its lists'.
    fn report(
        &self,
        value: &Document<'_>,
        at: &At,
        code_lists: &CodeLists,
        limit: usize,
        out: &mut Vec<Placed>,
    ) {
        let reporter = Reporter { schema: &self.schema, code_lists, value, at, limit };
        out.extend(reporter.violations(self.compiled.iter_errors(value)));
        for geometry in &self.geometries {
            geometry.report(value, at, limit, out);
        }
        let mut lists: Vec<_> =
            self.lists.iter().filter_map(|list| Some((list.position(value)?, list))).collect();
        lists.sort_by(|(one, _), (two, _)| one.cmp(two));
        let own = out.len();
        for (position, list) in lists {
            for (index, item) in list.found(value).iter().enumerate() {
                if out.len() - own >= limit {
                    return;
                }
                if !list.level.conforms(item) {
                    let at = at.below(&position, &list.path, index);
                    list.level.report(item, &at, code_lists, limit, out);
                }
            }
        }
    }
}

impl List {
    /// The list's items within `value`. A value of another type has none; the level's own rules say so.
    fn found<'d>(&self, value: &'d Document<'d>) -> &'d [Document<'d>] {
        found(value, &self.path).and_then(Document::as_list).unwrap_or_default()
    }

    fn position(&self, value: &Document<'_>) -> Option<Vec<usize>> {
        position(value, &self.path)
    }
}

impl Geometry {
    /// Adds the broken rules of the geometry in `value`, at most `limit`.
    fn report(&self, value: &Document<'_>, at: &At, limit: usize, out: &mut Vec<Placed>) {
        let (Some(geometry), Some(within)) = (found(value, &self.path), position(value, &self.path)) else {
            return;
        };
        let above: String = self.path.iter().flat_map(|name| ["/", name]).collect();
        out.extend(self.form.broken(geometry, limit).into_iter().map(|broken| {
            let position = [at.position.as_slice(), &within, &broken.position].concat();
            let path = [at.path.as_str(), &above, &broken.path].concat();
            (position, Violation { path, rule: broken.rule, message: broken.message })
        }));
    }
}

/// What stands at `path` within `value`, through records.
fn found<'d>(value: &'d Document<'d>, path: &[String]) -> Option<&'d Document<'d>> {
    path.iter().try_fold(value, |value, name| value.as_record()?.get(name))
}

/// The position within `value` of what stands at `path`: the index of each member on the way.
fn position(mut value: &Document<'_>, path: &[String]) -> Option<Vec<usize>> {
    let mut position = Vec::with_capacity(path.len());
    for name in path {
        let (index, (_, next)) =
            value.as_record()?.iter().enumerate().find(|(_, (known, _))| known == name)?;
        position.push(index);
        value = next;
    }
    Some(position)
}

impl At {
    /// The place of item `index` of the list at `names`. Names of fields need no escape in a pointer.
    fn below(&self, position: &[usize], names: &[String], index: usize) -> Self {
        let mut at = self.clone();
        at.position.extend_from_slice(position);
        at.position.push(index);
        for name in names {
            at.path.push('/');
            at.path.push_str(name);
        }
        at.path.push('/');
        at.path.push_str(&index.to_string());
        at
    }
}

/// What the library is not left to check.
#[derive(Default)]
struct Taken {
    lists: Vec<List>,
    geometries: Vec<Geometry>,
}

impl Taken {
    /// Takes the schemas of items and of geometries out of `schema`, through records, and compiles them.
    fn take(&mut self, schema: &mut Value, path: &mut Vec<String>, options: &Options) -> Result<(), String> {
        let Some(members) = schema.as_object_mut() else { return Ok(()) };
        if let Some(written) = members.shift_remove("x-geometry") {
            geometry::take_back(members);
            let form = GeometryForm::of_keyword(&written).ok_or_else(|| path.join("/"))?;
            self.geometries.push(Geometry { path: path.clone(), form });
            return Ok(());
        }
        if let Some(items) = members.shift_remove("items") {
            self.lists.push(List { path: path.clone(), level: Level::compile(items, options)? });
        }
        let fields = members.get_mut("properties").and_then(Value::as_object_mut).map(Map::iter_mut);
        for (name, field) in fields.into_iter().flatten() {
            path.push(name.clone());
            self.take(field, path, options)?;
            path.pop();
        }
        Ok(())
    }
}

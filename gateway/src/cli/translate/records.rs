//! Translation record by record, in the memory of one.

use super::*;

use adapters::stream::{Collection, Next, Records, Root};

/// How much is read, and about how much is written, at a time. Smaller pieces cost system calls, larger
/// ones the processor's cache.
const PIECE: usize = 128 * 1024;

impl Job<'_> {
    /// A record or a collection, whichever it turns out to be.
    pub(super) fn by_records(mut self, mut input: Input, console: &mut Console<'_>) -> Outcome {
        let records = Records::new(self.from, Arc::clone(self.contract), Unknown::Keep, limits());
        let collection = Collection::new(self.to, self.contract, self.contract.shape());
        let (Some(records), Some(mut collection)) = (records, collection) else {
            return self.whole(input, console);
        };
        let mut records = records.expecting(Expect::Either);
        let mut piece = vec![0; PIECE];
        let mut out = Vec::with_capacity(PIECE * 2);
        let mut progress = Progress::new(input.length);
        let mut begun = false;
        loop {
            // One record may be the document, if the format has such, rather than a list of one.
            let root = match records.look() {
                Ok(root) => root,
                Err(fault) => return Ok(unreadable(&fault, console)),
            };
            match records.next() {
                Ok(Next::More) => match input.bytes.read(&mut piece)? {
                    0 => records.end(),
                    read => {
                        records.feed(piece.get(..read).unwrap_or_default());
                        progress.advance(read, console);
                    }
                },
                Ok(Next::Record { document, .. }) if is_alone(root, self.to) => {
                    if self.bad.admit(self.contract, &document, None, console)? {
                        adapters::write(self.to, &document, self.contract, &mut out);
                    }
                }
                Ok(Next::Record { index, document }) => {
                    let index = (root != Some(Root::Record)).then_some(index);
                    let good = self.bad.admit(self.contract, &document, index, console)?;
                    if good && (self.bad.records == 0 || self.bad.kept_out) {
                        if !begun {
                            collection.begin(&mut out);
                            begun = true;
                        }
                        collection.record(&document, &mut out);
                        progress.count();
                    }
                }
                Ok(Next::End) => break,
                Err(fault) => {
                    console.out.write_all(&out)?;
                    progress.clear(console);
                    return Ok(unreadable(&fault, console));
                }
            }
            if out.len() >= PIECE {
                console.out.write_all(&out)?;
                out.clear();
            }
        }
        progress.clear(console);
        let complete = self.bad.records == 0 || self.bad.kept_out;
        if complete && !is_alone(records.root(), self.to) {
            if !begun {
                collection.begin(&mut out);
            }
            collection.end(&mut out);
        }
        if complete && !matches!(self.to, Format::NdJson | Format::Csv) {
            out.push(b'\n');
        }
        console.out.write_all(&out)?;
        Ok(self.bad.exit(console))
    }
}

/// Whether a stream with this root is one document in `to`, and not a list of one.
fn is_alone(root: Option<Root>, to: Format) -> bool {
    root == Some(Root::Record) && adapters::writes(to) && to != Format::NdJson
}

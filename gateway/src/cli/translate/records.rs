//! Translation record by record, in the memory of one.

use super::*;

use adapters::{
    encoding::Decoder,
    stream::{Collection, Next, Records, Root},
};

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
        let mut inflow = match Inflow::new(input.encoding) {
            Ok(inflow) => inflow,
            Err(fault) => return Ok(unreadable(&fault, console)),
        };
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
                Ok(Next::More) => {
                    let read = input.bytes.read(&mut piece)?;
                    if let Err(fault) = inflow.feed(piece.get(..read).unwrap_or_default(), &mut records) {
                        console.out.write_all(&out)?;
                        progress.clear(console);
                        return Ok(unreadable(&fault, console));
                    }
                    progress.advance(read, console);
                }
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

/// Bytes on their way to the reader of records, made UTF-8.
struct Inflow {
    decoder: Option<Decoder>,
    text: Vec<u8>,
}

impl Inflow {
    fn new(encoding: Encoding) -> Result<Self, Unreadable> {
        let decoder = (encoding != Encoding::Utf8).then(|| Decoder::new(encoding, None)).transpose()?;
        Ok(Self { decoder, text: Vec::new() })
    }

    /// Passes the next bytes on; none are the end.
    fn feed(&mut self, bytes: &[u8], records: &mut Records) -> Result<(), Unreadable> {
        let text = match &mut self.decoder {
            None => bytes,
            Some(decoder) => {
                self.text.clear();
                if bytes.is_empty() {
                    decoder.end(&mut self.text)?;
                } else {
                    decoder.feed(bytes, &mut self.text)?;
                }
                &self.text
            }
        };
        records.feed(text);
        if bytes.is_empty() {
            records.end();
        }
        Ok(())
    }
}

/// Whether a stream with this root is one document in `to`, and not a list of one.
fn is_alone(root: Option<Root>, to: Format) -> bool {
    root == Some(Root::Record) && adapters::writes(to) && to != Format::NdJson
}

//! The command line: one file per command, help in Vietnamese or English.
//!
//! Exit codes: 0 done, 1 refused or faulty (the output says what), 2 the input broke a contract or
//! the command line itself is wrong.

mod check;
mod contract;
mod explain;
mod journal;
mod serve;
mod status;
mod translate;
mod words;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use contracts::{Encoding, Format, Language};

use words::{Console, Words};

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let language = words::language_of(&arguments, |name| std::env::var(name).ok());
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let mut console = Console { words: Words(language), out: &mut out, err: &mut err };
    ExitCode::from(answer(arguments, &mut console) as u8)
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// It did what was asked.
    Done = 0,
    /// The answer is no, or something is faulty; the output says what.
    Refused = 1,
    /// The input broke a contract, or the command line itself is wrong.
    Unusable = 2,
}

/// Carries out one command line, the program's name first.
fn answer(arguments: Vec<OsString>, console: &mut Console<'_>) -> Exit {
    let matches = match command(console.language()).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => {
            console.complain(error.to_string().trim_end());
            return Exit::Unusable;
        }
        Err(help) => {
            console.print(help.to_string().trim_end());
            return Exit::Done;
        }
    };
    let result = match matches.subcommand() {
        Some(("serve", given)) => serve::run(given, console),
        Some(("check", given)) => check::run(given, console),
        Some(("explain", given)) => explain::run(given, console),
        Some(("translate", given)) => translate::run(given, console),
        Some(("contract", given)) => contract::run(given, console),
        Some(("journal", given)) => journal::run(given, console),
        Some(("status", given)) => status::run(given, console),
        _ => Ok(Exit::Unusable),
    };
    result.unwrap_or_else(|failure| {
        console.complain(&failure.0);
        Exit::Refused
    })
}

/// What ends a command early, in the operator's language already.
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// How a command ends.
type Outcome = Result<Exit, Failure>;

/// The settings file given with `-c`.
fn settings_file(given: &ArgMatches) -> PathBuf {
    given.get_one::<PathBuf>("config").cloned().unwrap_or_else(|| PathBuf::from("gateway.toml"))
}

/// What chooses between a contract whole and a service as one caller sees it.
fn seen(w: Words, config: Arg) -> [Arg; 6] {
    let text = |name: &'static str, vi: &'static str, en: &'static str| {
        Arg::new(name).long(name).help(w.say(vi, en))
    };
    [
        Arg::new("id")
            .value_name("ID")
            .required_unless_present("consumer")
            .help(w.say("Như nhiem-vu@1", "Such as nhiem-vu@1")),
        config.required(false),
        text(
            "consumer",
            "Hệ thống sử dụng, như H26/quan-ly-khcn",
            "Consumer system, such as H26/quan-ly-khcn",
        ),
        text("service", "Dịch vụ, như G06/nhiem-vu", "Service, such as G06/nhiem-vu"),
        text("contract-version", "Phiên bản hợp đồng", "Contract version")
            .value_parser(value_parser!(u32))
            .default_value("1"),
        text("at", "Thời điểm xét, giờ Việt Nam", "When, in Viet Nam time"),
    ]
}

fn command(language: Language) -> Command {
    let w = Words(language);
    let config = Arg::new("config")
        .short('c')
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .default_value("gateway.toml")
        .help(w.say("Tệp cấu hình của cổng", "The gateway's settings file"));
    let id =
        Arg::new("id").required(true).value_name("ID").help(w.say("Như nhiem-vu@1", "Such as nhiem-vu@1"));
    let json = Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help(w.say("Xuất JSON cho chương trình đọc", "JSON output for programs"));
    let text = |name: &'static str, vi: &'static str, en: &'static str| {
        Arg::new(name).long(name).help(w.say(vi, en))
    };
    Command::new("lienthong")
        .version(env!("CARGO_PKG_VERSION"))
        .about(w.say(
            "Liên Thông: cổng kết nối và chia sẻ dữ liệu khoa học và công nghệ",
            "Liên Thông: gateway for sharing science and technology data",
        ))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .arg(
            Arg::new("lang")
                .long("lang")
                .global(true)
                .value_parser(["vi", "en"])
                .help(w.say("Ngôn ngữ của kết quả (mặc định theo LANG, không rõ thì tiếng Việt)", "Language of the output (by LANG; Vietnamese when unclear)")),
        )
        .subcommand(
            Command::new("serve")
                .about(w.say("Chạy cổng", "Run the gateway"))
                .arg(config.clone()),
        )
        .subcommand(
            Command::new("check")
                .about(w.say("Kiểm tra mọi tài liệu, nêu mọi lỗi; mã thoát 1 nếu có lỗi", "Check every document, list every fault; exit 1 if there is one"))
                .arg(config.clone())
                .arg(json.clone()),
        )
        .subcommand(
            Command::new("explain")
                .about(w.say("Giải thích một quyết định, từng quy tắc một", "Explain a decision, rule by rule"))
                .arg(config.clone())
                .arg(json.clone())
                .arg(text("consumer", "Hệ thống sử dụng, như H26/quan-ly-khcn", "Consumer system, such as H26/quan-ly-khcn"))
                .arg(text("service", "Dịch vụ, như G06/nhiem-vu", "Service, such as G06/nhiem-vu"))
                .arg(text("operation", "Thao tác: query, read, submit, verify, …", "Operation: query, read, submit, verify, …"))
                .arg(text("purpose", "Mã mục đích", "Purpose code"))
                .arg(text("format", "Định dạng: json hoặc xml", "Format: json or xml").default_value("json"))
                .arg(text("contract-version", "Phiên bản hợp đồng", "Contract version").value_parser(value_parser!(u32)).default_value("1"))
                .arg(text("filter", "Trường lọc (lặp lại được)", "Filter field (repeatable)").action(ArgAction::Append))
                .arg(text("on-behalf-of", "Thành viên được thay mặt", "Represented member"))
                .arg(text("at", "Thời điểm xét: 2026-12-31 hoặc 2026-12-31T18:00:00 (giờ Việt Nam)", "When: 2026-12-31 or 2026-12-31T18:00:00 (Viet Nam time)"))
                .arg(text("exchange", "Phát lại quyết định của một trao đổi đã ghi", "Replay the decision of a recorded exchange")),
        )
        .subcommand(
            Command::new("translate")
                .about(w.say("Chuyển và kiểm tra dữ liệu theo hợp đồng; mã thoát 2 nếu trái hợp đồng", "Translate and validate data by its contract; exit 2 on violations"))
                .arg(text("contract", "Hợp đồng, như nhiem-vu@1", "Contract, such as nhiem-vu@1").required(true))
                .arg(text("contracts", "Thư mục hợp đồng", "Contracts folder").value_parser(value_parser!(PathBuf)).default_value("contracts"))
                .arg(text("from", "Định dạng vào", "Input format").value_parser(names(translate::reads)).required(true))
                .arg(text("to", "Định dạng ra", "Output format").value_parser(names(translate::writes)).required(true))
                .arg(text("encoding", "Bảng mã của tệp vào, như khóa `encoding` của hệ thống (mặc định utf-8)", "The input's encoding, as a system's `encoding` names it (utf-8 unless said)").value_name("NAME").value_parser(Encoding::ALL.map(Encoding::as_str)))
                .arg(Arg::new("keep-going").long("keep-going").action(ArgAction::SetTrue).help(w.say("Bỏ qua bản ghi trái hợp đồng và ghi tiếp các bản ghi khác", "Leave out records that break the contract and write the others")))
                .arg(text("set-aside", "Tệp nhận các bản ghi trái hợp đồng, mỗi dòng một bản ghi JSON (kéo theo --keep-going)", "File for the records that break the contract, one JSON record to a line (implies --keep-going)").value_name("FILE").value_parser(value_parser!(PathBuf)))
                .arg(Arg::new("file").value_name("FILE").default_value("-").help(w.say("Tệp vào, - là đầu vào chuẩn", "Input file, - for standard input"))),
        )
        .subcommand(
            Command::new("contract")
                .about(w.say("Xem các hợp đồng dữ liệu", "Look at the data contracts"))
                .subcommand_required(true)
                .arg(text("contracts", "Thư mục hợp đồng", "Contracts folder").value_parser(value_parser!(PathBuf)).default_value("contracts").global(true))
                .subcommand(
                    Command::new("list")
                        .about(w.say("Liệt kê hợp đồng", "List the contracts"))
                        .arg(json.clone())
                        .arg(Arg::new("articles").long("articles").action(ArgAction::SetTrue).help(w.say("Theo từng điều của văn bản: loại thông tin nào, hợp đồng nào", "By article of the legal text: which kind of information, which contract")))
                        .arg(Arg::new("markdown").long("markdown").action(ArgAction::SetTrue).conflicts_with_all(["articles", "json"]).help(w.say("Một trang Markdown bằng hai ngôn ngữ", "One page of Markdown in both languages"))),
                )
                .subcommand(
                    Command::new("check")
                        .about(w.say(
                            "Kiểm tra một hợp đồng và các ví dụ của nó trong mọi định dạng",
                            "Check a contract, and its examples in every format",
                        ))
                        .long_about(w.say(
                            "Kiểm tra một hợp đồng: chỗ nào chưa trả lời, chỗ nào sai, điều gì cần xem lại; rồi thử từng ví dụ: examples/ok phải hợp lệ và nói cùng một điều trong mọi định dạng, mỗi ví dụ trong examples/bad phải bị từ chối vì đúng một quy tắc.\n\nMã thoát: 0 dùng được; 1 hợp đồng còn lỗi, còn chỗ chưa trả lời, hoặc thiếu ví dụ; 2 có ví dụ chưa đúng.",
                            "Checks a contract: what is open, what is wrong, what to look at; then tries each example: those in examples/ok pass and say the same in every format, each in examples/bad is refused for one rule.\n\nExit: 0 fit for use; 1 the contract has faults, open answers, or no examples; 2 an example is not what it should be.",
                        ))
                        .arg(json.clone())
                        .arg(Arg::new("what").required(true).value_name("ID|FOLDER").help(w.say(
                            "Hợp đồng, như trang-thiet-bi@1; thư mục của nó; hoặc thư mục contracts để kiểm tra tất cả",
                            "A contract, such as trang-thiet-bi@1; its folder; or a contracts folder, for all of them",
                        ))),
                )
                .subcommand(
                    Command::new("schema")
                        .about(w.say("In JSON Schema của một hợp đồng", "Print a contract's JSON Schema"))
                        .arg(id.clone()),
                )
                .subcommand(
                    Command::new("xsd")
                        .about(w.say("In XSD 1.0 của một hợp đồng", "Print a contract's XML Schema 1.0"))
                        .arg(id.clone()),
                )
                .subcommand(
                    Command::new("dictionary")
                        .about(w.say(
                            "In từ điển dữ liệu của một hợp đồng, song ngữ, dạng Markdown hoặc HTML",
                            "Print a contract's data dictionary, in both languages, as Markdown or HTML",
                        ))
                        .arg(id)
                        .arg(
                            Arg::new("html")
                                .long("html")
                                .action(ArgAction::SetTrue)
                                .help(w.say("Một trang HTML tự đủ", "One self-contained HTML page")),
                        ),
                )
                .subcommand(
                    Command::new("openapi")
                        .about(w.say(
                            "In OpenAPI 3.1 của một hợp đồng, hoặc (với -c) của một dịch vụ như một hệ thống nhìn thấy",
                            "Print OpenAPI 3.1 of a contract or, with -c, of a service as one system sees it",
                        ))
                        .args(seen(w, config.clone())),
                )
                .subcommand(
                    Command::new("codes")
                        .about(w.say("Xem các danh mục mã, hoặc một danh mục", "Look at the code lists, or at one"))
                        .arg(json.clone())
                        .arg(Arg::new("list").value_name("LIST").help(w.say("Như don-vi-hanh-chinh-tinh", "Such as don-vi-hanh-chinh-tinh")))
                        .arg(text("on", "Chỉ ấn bản có hiệu lực ngày này, như 2025-06-30", "Only the edition valid on this day, such as 2025-06-30").requires("list").conflicts_with("json")),
                )
                .subcommand(
                    Command::new("wsdl")
                        .about(w.say(
                            "In WSDL 1.1 của một hợp đồng, hoặc (với -c) của một dịch vụ như một hệ thống nhìn thấy",
                            "Print WSDL 1.1 of a contract or, with -c, of a service as one system sees it",
                        ))
                        .args(seen(w, config.clone())),
                )
                .subcommand(
                    Command::new("new")
                        .about(w.say(
                            "Soạn một hợp đồng mới từ XSD, JSON Schema hoặc tệp mẫu; nêu điều mà hợp đồng không diễn đạt được",
                            "Draft a new contract from an XSD, a JSON Schema or a sample; tells what a contract cannot hold",
                        ))
                        .arg(Arg::new("name").required(true).value_name("NAME").help(w.say(
                            "Tên bộ dữ liệu, như trang-thiet-bi, hoặc kèm phiên bản: trang-thiet-bi@2",
                            "The dataset, such as trang-thiet-bi, or with a version: trang-thiet-bi@2",
                        )))
                        .arg(
                            text("from", "Tệp nguồn: .xsd, .json (JSON Schema hoặc mẫu), .xml hay .csv (mẫu)", "The source: .xsd, .json (JSON Schema or a sample), .xml or .csv (a sample)")
                                .value_name("FILE")
                                .required(true)
                                .value_parser(value_parser!(PathBuf)),
                        )
                        .arg(
                            text("encoding", "Bảng mã của tệp nguồn (mặc định utf-8)", "The source's encoding (utf-8 unless said)")
                                .value_name("NAME")
                                .value_parser(Encoding::ALL.map(Encoding::as_str)),
                        )
                        .arg(
                            text("record", "Phần tử của bản ghi, khi XSD có nhiều phần tử toàn cục", "The record's element, where an XSD has several global ones")
                                .value_name("ELEMENT"),
                        ),
                )
                .subcommand(
                    Command::new("diff")
                        .about(w.say(
                            "So sánh hai hợp đồng: thay đổi nào làm hỏng bên nhận, bên gửi, thỏa thuận; mã thoát 1 nếu có",
                            "Compare two contracts: which change breaks readers, senders, agreements; exit 1 if one does",
                        ))
                        .arg(json.clone())
                        .arg(
                            Arg::new("ids")
                                .value_name("ID")
                                .num_args(0..=2)
                                .help(w.say("Hai hợp đồng, như nhiem-vu@1 nhiem-vu@2; với --with thì một hoặc không", "Two contracts, such as nhiem-vu@1 nhiem-vu@2; with --with, one or none")),
                        )
                        .arg(
                            text("with", "Thư mục hợp đồng khác, được coi là bản mới", "Another contracts folder, taken as the new state")
                                .value_name("FOLDER")
                                .value_parser(value_parser!(PathBuf)),
                        ),
                ),
        )
        .subcommand(
            Command::new("journal")
                .about(w.say("Đọc nhật ký trao đổi", "Read the journal of exchanges"))
                .subcommand_required(true)
                .subcommand(
                    Command::new("query")
                        .about(w.say("Tìm trong nhật ký", "Search the journal"))
                        .arg(config.clone())
                        .arg(json.clone())
                        .arg(text("from", "Từ thời điểm (2026-11-21 hoặc kèm giờ, giờ Việt Nam)", "From (2026-11-21 or with a time, Viet Nam time)"))
                        .arg(text("until", "Đến thời điểm, tính cả ngày đó", "Until, that day included"))
                        .arg(text("member", "Thành viên là bên gọi, bên được thay mặt hoặc bên cung cấp", "Member as caller, represented or provider"))
                        .arg(text("service", "Dịch vụ", "Service"))
                        .arg(text("agreement", "Thỏa thuận", "Agreement"))
                        .arg(text("rule", "Quy tắc đã quyết định", "Deciding rule"))
                        .arg(text("exchange", "Mã trao đổi", "Exchange id"))
                        .arg(text("subject", "Tệp chứa số định danh cần tìm, - là đầu vào chuẩn (không nhận trên dòng lệnh, nơi máy ghi lại)", "File holding the identifier to look for, - for standard input (never on the command line, where machines record it)"))
                        .arg(text("limit", "Số dòng tối đa", "Most rows").value_parser(value_parser!(usize)).default_value("100")),
                )
                .subcommand(
                    Command::new("verify")
                        .about(w.say("Kiểm tra nhật ký còn nguyên vẹn", "Check that the journal is whole"))
                        .arg(config.clone())
                        .arg(json.clone()),
                ),
        )
        .subcommand(
            Command::new("status")
                .about(w.say("Tình trạng cổng đang chạy, trong một màn hình", "State of the running gateway, on one screen"))
                .arg(config)
                .arg(json),
        )
}

/// The names of the formats that `has` has.
fn names(has: fn(Format) -> bool) -> Vec<&'static str> {
    Format::ALL.into_iter().filter(|format| has(*format)).map(Format::as_str).collect()
}

#[cfg(test)]
mod tests;

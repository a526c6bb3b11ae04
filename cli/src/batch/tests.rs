//! Is the output of a job the same whatever happens to the job?
//!
//! In: synthetic codes and work on them. Out: files.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crate::batch::{BatchError, Code, Done, Job, Shard, Work, run};
use alloy_primitives::{B256, hex, keccak256};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use serde::Serialize;
use tempfile::TempDir;

/// Says how long a code is, and counts.
#[derive(Default)]
struct Measure {
    n_worked: AtomicUsize,
    pause: Duration,
}

#[derive(Serialize)]
struct Line {
    size: usize,
}

impl Work for Measure {
    type Line = Line;

    fn line(&self, code: &Code) -> Line {
        self.n_worked.fetch_add(1, Ordering::Relaxed);
        thread::sleep(self.pause);
        Line { size: code.bytes.len() }
    }

    fn reached(&self, _: &Done) {}
}

fn code(n: usize) -> Vec<u8> {
    n.to_string().repeat(1 + n % 7).into_bytes()
}

/// Codes by number, each line as some tool may have written it.
fn lines(numbers: impl IntoIterator<Item = usize>) -> String {
    let line = |n: usize| {
        let code = code(n);
        let (hash, code) = (keccak256(&code), hex::encode_prefixed(code));
        match n % 3 {
            0 => format!("{{\"code\":\"{code}\"}}\n"),
            1 => format!("{{\"address\":\"0x{n:040x}\",\"code\":\"{code}\"}}\n"),
            _ => format!("{{\"codeHash\":\"{hash}\",\"code\":\"{code}\",\"abi\":[{n}]}}\n\n"),
        }
    };
    numbers.into_iter().map(line).collect()
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn input(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("it can be written");
        path
    }
}

fn job<'a>(input: &'a Path, output: &'a Path) -> Job<'a> {
    Job { input, output, shard: Shard::ALL, name: "measuring" }
}

fn finish(job: &Job<'_>) -> (Done, usize) {
    let measure = Measure::default();
    let done = run(job, &measure).expect("it can be done").expect("it was not done before");
    (done, measure.n_worked.into_inner())
}

fn read(path: &Path) -> String {
    let file = fs::File::open(path).expect("it is there");
    let mut text = String::new();
    MultiGzDecoder::new(file).read_to_string(&mut text).expect("it is whole");
    text
}

fn expected(numbers: impl IntoIterator<Item = usize>) -> String {
    let line = |n: usize| {
        let code = code(n);
        format!("{{\"codeHash\":\"{}\",\"size\":{}}}\n", keccak256(&code), code.len())
    };
    numbers.into_iter().map(line).collect()
}

#[test]
fn each_code_has_one_line_in_order_whatever_the_number_of_threads() {
    let place = Place::new();
    let input = place.input("codes", &lines((0..500).chain(100..300).chain(0..501)));
    let packed = place.path("codes.gz");
    let file = fs::File::create(&packed).expect("it can be made");
    let mut encoder = GzEncoder::new(file, Compression::default());
    encoder.write_all(&fs::read(&input).expect("it is there")).expect("it can be written");
    encoder.finish().expect("it can be written");
    let mut bytes = Vec::new();
    for (n, (input, threads)) in [(&input, 1), (&input, 4), (&packed, 3)].into_iter().enumerate() {
        let output = place.path(&format!("out-{n}"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let (done, n_worked) = pool.expect("they start").install(|| finish(&job(input, &output)));
        assert_eq!((done.n_codes, n_worked), (501, 501));
        assert_eq!(read(&output), expected(0..501));
        bytes.push(fs::read(&output).expect("it is there"));
        assert!(!place.path(&format!("out-{n}.part")).exists());
    }
    assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]), "the same bytes");
}

#[test]
fn shards_share_the_codes() {
    let place = Place::new();
    let input = place.input("codes", &lines((0..300).chain(0..300)));
    let mut all = Vec::new();
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        let output = place.path(&shard.replace('/', "-"));
        let job = Job { shard: shard.parse().expect("a shard"), ..job(&input, &output) };
        finish(&job);
        all.extend(read(&output).lines().map(str::to_owned));
    }
    all.sort();
    let mut expected: Vec<String> = expected(0..300).lines().map(str::to_owned).collect();
    expected.sort();
    assert_eq!(all, expected);
}

#[test]
fn an_output_cut_off_anywhere_is_gone_on_with() {
    let place = Place::new();
    let input = place.input("codes", &lines(0..200));
    let whole = place.path("whole");
    finish(&job(&input, &whole));
    let bytes = fs::read(&whole).expect("it is there");
    let (output, part) = (place.path("out"), place.path("out.part"));
    let mut before = 0;
    for at in (0..=bytes.len()).step_by(bytes.len() / 90) {
        fs::write(&part, &bytes[..at]).expect("it can be written");
        let (done, n_worked) = finish(&job(&input, &output));
        assert_eq!(fs::read(&output).expect("it is there"), bytes, "cut off at {at}");
        assert_eq!(done.n_codes_before + done.n_codes, 200);
        assert_eq!(done.n_codes as usize, n_worked);
        assert!(before <= done.n_codes_before, "more is there");
        before = done.n_codes_before;
        fs::remove_file(&output).expect("it is there");
    }
    assert_eq!(before, 192, "all members but the last, which is not full");
}

#[test]
fn a_finished_output_is_left_alone_and_anothers_is_not_touched() {
    let place = Place::new();
    let input = place.input("codes", &lines(0..100));
    let output = place.path("out");
    finish(&job(&input, &output));
    let measure = Measure::default();
    assert_eq!(run(&job(&input, &output), &measure).expect("it is there"), None);
    assert_eq!(measure.n_worked.into_inner(), 0);
    let other = Job { name: "weighing", ..job(&input, &output) };
    let error = run(&other, &Measure::default()).expect_err("it is another").to_string();
    assert!(error.contains("of another job (shard 1/1, measuring, not shard 1/1, weighing)"));
    fs::rename(&output, place.path("out.part")).expect("it is there");
    let other_codes = place.input("others", &lines(50..100));
    let error = run(&job(&other_codes, &output), &Measure::default()).expect_err("other codes");
    assert!(matches!(error, BatchError::OtherInput { line: 1, .. }), "{error}");
    let fewer = place.input("fewer", &lines(0..20));
    let error = run(&job(&fewer, &output), &Measure::default()).expect_err("fewer codes");
    assert!(matches!(error, BatchError::OtherInput { line: 21, .. }), "{error}");
    fs::write(place.path("out.part"), "what another program keeps there").expect("it is there");
    let error = run(&job(&input, &output), &Measure::default()).expect_err("no output");
    assert!(matches!(error, BatchError::OtherJob { .. }), "{error}");
}

#[test]
fn a_bad_line_is_named_and_what_stands_before_it_is_kept() {
    let good = lines(0..64).replace("\n\n", "\n");
    let hash = B256::ZERO;
    for (bad, reason) in [
        ("{\"code\":\"0x6\"}".to_owned(), "code: odd number of digits"),
        ("{\"code\":\"0xzz\"}".to_owned(), "code: invalid character"),
        ("{\"codeHash\":\"0x12\",\"code\":\"0x00\"}".to_owned(), "invalid string length"),
        (format!("{{\"codeHash\":\"{hash}\",\"code\":\"0x00\"}}"), "but code hashes to"),
        ("{\"address\":\"0x00\"}".to_owned(), "missing field `code`"),
        ("0x6000".to_owned(), "expected an object with code"),
        ("[1,".to_owned(), "expected a string"),
    ] {
        let place = Place::new();
        let output = place.path("out");
        let input = place.input("codes", &format!("{good}{bad}\n{}", lines(64..80)));
        let error = run(&job(&input, &output), &Measure::default()).expect_err("it is bad");
        let text = error.to_string();
        let place_of_it = format!("{}: line 65: ", input.display());
        assert!(text.starts_with(&place_of_it) && text.contains(reason), "{bad}: {text}");
        assert!(!output.exists());
        place.input("codes", &format!("{good}{}", lines(64..80)));
        let (done, _) = finish(&job(&input, &output));
        assert_eq!((done.n_codes_before, done.n_codes), (64, 16));
    }
}

#[test]
fn gzip_cut_short_is_told_from_the_end() {
    let place = Place::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(lines(0..2000).as_bytes()).expect("it can be written");
    let bytes = encoder.finish().expect("it can be written");
    let input = place.path("codes.gz");
    fs::write(&input, &bytes[..bytes.len() - 20]).expect("it can be written");
    let error = run(&job(&input, &place.path("out")), &Measure::default());
    let error = error.expect_err("it is cut short");
    assert!(matches!(error, BatchError::Damaged { .. }), "{error}");
}

#[test]
fn a_full_disk_is_said_and_what_is_done_is_kept() {
    let place = Place::new();
    let folder = place.path("small");
    fs::create_dir(&folder).expect("it can be made");
    let mount = |args: &[&str]| {
        let command = Command::new(args[0]).args(&args[1..]).arg(&folder).output();
        command.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=64k", "none"]) {
        println!("skipped: no small file system can be mounted here");
        return;
    }
    let input = place.input("codes", &lines(0..6000));
    let output = folder.join("out");
    let failed = run(&job(&input, &output), &Measure::default());
    let is_there = output.exists();
    let aside = place.path("out.part");
    fs::copy(folder.join("out.part"), &aside).expect("it is there");
    assert!(mount(&["umount"]));
    let error = failed.expect_err("64 KiB are not enough").to_string();
    assert!(error.contains("No space left") && error.contains("free space"), "{error}");
    assert!(!is_there);
    let output = place.path("out");
    let (done, _) = finish(&job(&input, &output));
    assert!(0 < done.n_codes_before, "what was done is gone on with");
    assert_eq!(read(&output), expected(0..6000));
}

/// Tells a process what to do.
const ORDERS: &str = "SLOTCAST_TEST_BATCH";

/// Not a test by itself: what the processes do that are killed.
#[test]
#[expect(clippy::disallowed_methods, reason = "a process learns from its environment what to do")]
fn works_as_told() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let [input, output] = orders.split(' ').collect::<Vec<_>>()[..] else { return };
    let slow = Measure { pause: Duration::from_micros(200), ..Measure::default() };
    run(&job(Path::new(input), Path::new(output)), &slow).expect("it can be done");
}

#[test]
fn a_job_that_is_killed_again_and_again_ends_as_if_it_had_not_been() {
    let place = Place::new();
    let input = place.input("codes", &lines(0..4000));
    let output = place.path("out");
    let me = std::env::current_exe().expect("it runs");
    let mut n_killed = 0;
    while !output.exists() {
        let mut child = Command::new(&me)
            .args(["--exact", "batch::tests::works_as_told"])
            .env(ORDERS, format!("{} {}", input.display(), output.display()))
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts again");
        thread::sleep(Duration::from_millis(150 + 40 * n_killed));
        if !output.exists() {
            n_killed += 1;
            if let Ok(Some(_)) = child.try_wait() {
                continue;
            }
            let busy = run(&job(&input, &output), &Measure::default());
            assert!(!matches!(busy, Ok(Some(_))) || output.exists());
        }
        drop(child.kill());
        child.wait().expect("it is ours");
    }
    assert_eq!(read(&output), expected(0..4000));
    let whole = place.path("whole");
    finish(&job(&input, &whole));
    assert_eq!(fs::read(&output).expect("it is there"), fs::read(&whole).expect("it is there"));
}

//! What can be told of a Rust file from its formatted text alone?
//!
//! In: a path and a text as `cargo fmt` leaves it. Out: its functions and their lengths, its length
//! without tests.
//! Invariant: relies on the formatter only: a function's closing brace is the first one indented as
//! its first line is.

/// One Rust file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Below the checkout, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// One function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Where it starts, counted from one.
    pub(crate) line: usize,
    /// From its first line to its closing brace.
    pub(crate) n_lines: usize,
}

impl Source {
    pub(crate) fn name(&self) -> String {
        self.path.clone()
    }

    /// Whether the file says first what it is for.
    pub(crate) fn opens_with_doc(&self) -> bool {
        self.text.starts_with("//! ")
    }

    /// The lines that are no tests: none of a file of tests, else those before the module of tests.
    pub(crate) fn n_product_lines(&self) -> usize {
        if self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs")) {
            return 0;
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let opens_tests =
            |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests");
        lines.windows(2).position(opens_tests).unwrap_or(lines.len())
    }

    /// All functions with a body, nested ones too, in order.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let lines: Vec<&str> = self.text.lines().collect();
        let starts = lines.iter().enumerate();
        starts
            .filter_map(|(n, line)| {
                let name = function_name(line)?;
                let n_lines = function_length(&lines[n..])?;
                Some(Function { name: name.to_owned(), line: n + 1, n_lines })
            })
            .collect()
    }
}

/// Whether `word` stands in `line` by itself, not as a part of a longer word.
pub(crate) fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The names that a file without items of its own gives to others: of modules and of what it re-exports.
pub(crate) fn public_names(text: &str) -> Vec<&str> {
    let public = text.split(';').filter_map(|item| item.rsplit_once("\npub "));
    // What stands in braces, or else behind the last `::` or `as`.
    let lists = public.map(|(_, it)| it.rsplit_once('{').map_or(it, |(_, list)| list));
    let each = lists.flat_map(|list| list.trim_end_matches('}').split(',')).map(str::trim);
    each.filter_map(|it| it.rsplit([' ', ':']).next()).filter(|it| !it.is_empty()).collect()
}

/// A line in small letters, with the words of each name apart: `RunReport` and `run_report` are two.
pub(crate) fn spelt_out(line: &str) -> String {
    let mut spelt = String::with_capacity(line.len());
    let mut was_small = false;
    for letter in line.chars() {
        if was_small && letter.is_uppercase() {
            spelt.push(' ');
        }
        was_small = letter.is_lowercase();
        spelt.extend(if letter == '_' { ' ' } else { letter }.to_lowercase());
    }
    spelt
}

/// The name of the function whose first line this is.
fn function_name(line: &str) -> Option<&str> {
    let mut words = line.trim_start();
    if let Some(rest) = words.strip_prefix("pub(") {
        words = rest.split_once(") ")?.1;
    }
    loop {
        let (word, rest) = words.split_once(' ')?;
        match word {
            "pub" | "const" | "async" | "unsafe" | "extern" | "default" | "\"C\"" => words = rest,
            "fn" => {
                let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
                return Some(&rest[..end]);
            }
            _ => return None,
        }
    }
}

/// The length of the function that starts at the first of `lines`, if it has a body.
fn function_length(lines: &[&str]) -> Option<usize> {
    let first = lines[0];
    let indent = first.len() - first.trim_start().len();
    for (n, line) in lines.iter().enumerate() {
        let is_outermost = line.len() - line.trim_start().len() == indent;
        if !is_outermost || line.is_empty() {
            continue;
        }
        if line.ends_with(';') {
            return None;
        }
        if line.ends_with('}') && (n == 0 || line.trim_start().starts_with('}')) {
            return Some(n + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { path: "a.rs".to_owned(), text: text.to_owned() }
    }

    fn check(text: &str, expected: &[(&str, usize, usize)]) {
        let functions = source(text).functions();
        let found: Vec<_> = functions
            .iter()
            .map(|function| (function.name.as_str(), function.line, function.n_lines))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn functions_are_found_whatever_stands_before_them() {
        check("fn a() {}\npub(crate) const fn b() {\n    1;\n}\n", &[("a", 1, 1), ("b", 2, 3)]);
        check(
            "impl A {\n    pub async unsafe fn c<T>(\n        t: T,\n    ) -> T\n    where\n        \
             T: B,\n    {\n        t\n    }\n}\n",
            &[("c", 2, 8)],
        );
    }

    #[test]
    fn what_has_no_body_or_is_no_function_does_not_count() {
        check("trait A {\n    fn a(&self);\n    fn b(\n        &self,\n    ) -> u8;\n}\n", &[]);
        check("type F = fn(u8) -> u8;\n// fn a() {\nconst A: fn() = b;\n", &[]);
    }

    #[test]
    fn a_nested_function_counts_for_both() {
        let text = "fn outer() {\n    fn inner() {\n        1;\n    }\n\n    inner();\n}\n";
        check(text, &[("outer", 1, 7), ("inner", 2, 3)]);
    }

    #[test]
    fn tests_do_not_count_as_product() {
        let text = "//! A.\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        assert_eq!(source(text).n_product_lines(), 3);
        assert_eq!(source("//! A.\nfn a() {}\n").n_product_lines(), 2);
        for path in ["a/src/b/tests.rs", "a/tests/b.rs"] {
            assert_eq!(Source { path: path.to_owned(), ..source(text) }.n_product_lines(), 0);
        }
    }

    #[test]
    fn the_question_comes_first() {
        assert!(source("//! What?\n").opens_with_doc());
        assert!(!source("\n//! What?\n").opens_with_doc());
        assert!(!source("// What?\n").opens_with_doc());
    }

    #[test]
    fn words_are_whole() {
        assert!(holds_word("// LATER: do it", "LATER"));
        assert!(!holds_word("COLLATERAL, LATERAL", "LATER"));
    }
}

//! Is only the host of a URL shown, and is what is no URL refused?

use super::*;

#[test]
fn of_a_url_only_the_host_is_shown() {
    let rpc = Rpc::new("https://me:pw@node.example:8545/v2/KEY", RpcSettings::default());
    assert_eq!(rpc.expect("a good URL").name(), "node.example:8545");
}

#[test]
fn what_is_no_http_url_is_refused() {
    for url in ["", "node", "ws://node:8546", "ftp://node", "http://"] {
        let error = Rpc::new(url, RpcSettings::default()).expect_err(url);
        assert!(error.to_string().starts_with("--rpc-url: "), "{error}");
    }
}

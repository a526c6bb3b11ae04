//! Do those who follow pending transactions get each predicted, and does following end?

use serde_json::json;

use crate::{block, embedded, http, raw, ws};

#[test]
fn a_recorded_block_is_followed_as_if_it_were_pending() {
    let server = embedded();
    let (mut follower, mut http) = (ws(&server), http(&server));
    let id = follower.result("slotcast_subscribePending", json!([]));
    for index in 0..block().block().n_transactions() {
        let mut notice = follower.notice();
        let object = notice.as_object_mut().unwrap();
        assert_eq!(object.remove("kind"), Some(json!("prediction")));
        assert_eq!(object.remove("again"), Some(json!(false)));
        if index % 40 == 0 {
            let mut alone = http.result("slotcast_predictAccess", json!([raw(index)]));
            // Alone, a later transaction of a sender has the wrong nonce; a pending one may wait.
            alone.as_object_mut().unwrap().remove("rejected");
            assert_eq!(notice, alone, "transaction {index}");
        }
    }
    assert_eq!(follower.result("slotcast_unsubscribePending", json!([id])), json!(true));
    assert_eq!(follower.result("slotcast_unsubscribePending", json!([id])), json!(false));
    server.stop();
}

#[test]
fn following_needs_a_socket_and_is_limited() {
    let limits = slotcast_serve::Limits { subscriptions: 2, ..Default::default() };
    let server = crate::with_limits(limits);
    let answer = http(&server).call("slotcast_subscribePending", json!([]));
    assert!(answer["error"]["code"].is_i64(), "{answer}");
    let mut follower = ws(&server);
    follower.result("slotcast_subscribePending", json!([]));
    follower.result("slotcast_subscribePending", json!([]));
    let third = follower.call("slotcast_subscribePending", json!([]));
    assert_eq!(third["error"]["code"], json!(-32006), "{third}");
    drop(follower);
    server.stop();
}

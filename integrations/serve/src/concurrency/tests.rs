//! Does late work keep its place, and is a panic one request's fault?

use std::sync::mpsc;

use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads start")
}

#[test]
fn what_has_no_place_is_given_up_and_late_work_keeps_its_place() {
    let limit = ConcurrencyLimit::new(1, Duration::from_millis(30));
    let (let_go, wait) = mpsc::channel::<()>();
    let (runtime, (done, is_done)) = (runtime(), mpsc::channel::<()>());
    runtime.block_on(async {
        let slow = limit.run(move || {
            // Until the other end is let go of.
            assert!(wait.recv().is_err());
            drop(done);
            Ok(1)
        });
        assert!(matches!(slow.await, Err(Fault::Timeout(30))));
        // The first was given up, and yet there is no place for a second.
        assert!(matches!(limit.run(|| Ok(2)).await, Err(Fault::Timeout(30))));
        drop(let_go);
        assert!(is_done.recv().is_err(), "it goes on to its end");
        while limit.permits.available_permits() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(matches!(limit.run(|| Ok(3)).await, Ok(3)));
    });
}

#[test]
fn a_panic_is_one_requests_fault() {
    let limit = ConcurrencyLimit::new(1, Duration::from_secs(60));
    runtime().block_on(async {
        let panics: Result<(), Fault> = limit.run(|| panic!("on purpose")).await;
        assert!(matches!(panics, Err(Fault::Internal)));
        assert!(matches!(limit.run(|| Ok(4)).await, Ok(4)), "the place is free again");
    });
}

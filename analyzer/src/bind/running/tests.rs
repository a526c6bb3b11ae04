//! Is what is kept of frames bounded and used again?

use super::*;

#[test]
fn what_is_kept_is_bounded_and_used_again() {
    let with_room = |n_bytes: usize| Buffer::known(vec![1; n_bytes]);
    let mut spare = FramePool::default();
    spare.keep(Buffer::default());
    spare.keep(with_room(MOST_KEPT + 1));
    assert_eq!(spare.buffer(), Buffer::default());
    for _ in 0..3 {
        spare.keep(with_room(MOST_KEPT / 2));
    }
    let rooms: Vec<usize> = (0..3).map(|_| spare.buffer().room()).collect();
    assert_eq!(rooms, [MOST_KEPT / 2, MOST_KEPT / 2, 0]);
    spare.keep(with_room(MOST_KEPT));
    let again = spare.buffer();
    assert_eq!((again.len(), again.room()), (0, MOST_KEPT));
}

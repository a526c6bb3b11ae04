//! Do paths become references?

use super::*;

#[test]
fn paths_become_references() {
    assert_eq!(uri("src/My Token.sol"), "src/My%20Token.sol");
    assert_eq!(uri("project/contracts/T.sol"), "contracts/T.sol");
    assert_eq!(uri("@openzeppelin/contracts/a:b.sol"), "@openzeppelin/contracts/a%3Ab.sol");
}

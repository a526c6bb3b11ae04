// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface INftReceiver {
    function onERC721Received(address operator, address from, uint256 id, bytes calldata data)
        external
        returns (bytes4);
}

/// What does an ERC-721 touch: a counter every mint moves, owners by number, packed per-account records.
contract Nft {
    struct Holder {
        uint64 balance;
        uint64 minted;
        uint128 lastMintAt;
    }

    string public name;
    string public symbol;
    string public baseUri;
    address public owner;
    uint96 public price;
    uint256 public totalSupply;
    uint256 public immutable maxSupply;
    mapping(uint256 => address) private _owners;
    mapping(address => Holder) public holders;
    mapping(uint256 => address) private _approvals;
    mapping(address => mapping(address => bool)) public isApprovedForAll;

    event Transfer(address indexed from, address indexed to, uint256 indexed id);
    event Approval(address indexed owner, address indexed approved, uint256 indexed id);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    error NonexistentToken(uint256 id);
    error NotAuthorized(address caller, uint256 id);
    error WrongOwner(address from, uint256 id);
    error InvalidReceiver(address to);
    error SoldOut();
    error WrongPayment(uint256 expected);

    constructor(string memory name_, string memory symbol_, uint256 maxSupply_, uint96 price_) {
        name = name_;
        symbol = symbol_;
        maxSupply = maxSupply_;
        price = price_;
        owner = msg.sender;
    }

    function mint(uint256 count) external payable {
        uint256 first = totalSupply;
        if (first + count > maxSupply) revert SoldOut();
        if (msg.value != count * price) revert WrongPayment(count * price);
        for (uint256 i = 0; i < count; i++) {
            _owners[first + i] = msg.sender;
            emit Transfer(address(0), msg.sender, first + i);
        }
        totalSupply = first + count;
        Holder storage holder = holders[msg.sender];
        holder.balance += uint64(count);
        holder.minted += uint64(count);
        holder.lastMintAt = uint128(block.timestamp);
    }

    function collectPayments() external {
        (bool ok,) = owner.call{value: address(this).balance}("");
        require(ok, "Nft: payment failed");
    }

    function ownerOf(uint256 id) public view returns (address holder) {
        holder = _owners[id];
        if (holder == address(0)) revert NonexistentToken(id);
    }

    function balanceOf(address account) external view returns (uint256) {
        return holders[account].balance;
    }

    function getApproved(uint256 id) external view returns (address) {
        ownerOf(id);
        return _approvals[id];
    }

    function tokenURI(uint256 id) external view returns (string memory) {
        ownerOf(id);
        return string(abi.encodePacked(baseUri, _decimal(id)));
    }

    function setBaseUri(string calldata uri) external {
        if (msg.sender != owner) revert NotAuthorized(msg.sender, 0);
        baseUri = uri;
    }

    function approve(address to, uint256 id) external {
        address holder = ownerOf(id);
        if (msg.sender != holder && !isApprovedForAll[holder][msg.sender]) revert NotAuthorized(msg.sender, id);
        _approvals[id] = to;
        emit Approval(holder, to, id);
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function transferFrom(address from, address to, uint256 id) public {
        address holder = ownerOf(id);
        if (holder != from) revert WrongOwner(from, id);
        if (to == address(0)) revert InvalidReceiver(to);
        bool allowed = msg.sender == holder || _approvals[id] == msg.sender || isApprovedForAll[holder][msg.sender];
        if (!allowed) revert NotAuthorized(msg.sender, id);
        delete _approvals[id];
        holders[from].balance -= 1;
        holders[to].balance += 1;
        _owners[id] = to;
        emit Transfer(from, to, id);
    }

    function safeTransferFrom(address from, address to, uint256 id) external {
        safeTransferFrom(from, to, id, "");
    }

    function safeTransferFrom(address from, address to, uint256 id, bytes memory data) public {
        transferFrom(from, to, id);
        if (to.code.length == 0) return;
        bytes4 answer = INftReceiver(to).onERC721Received(msg.sender, from, id, data);
        if (answer != INftReceiver.onERC721Received.selector) revert InvalidReceiver(to);
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x80ac58cd || id == 0x5b5e139f;
    }

    function _decimal(uint256 value) private pure returns (bytes memory text) {
        uint256 digits = 1;
        for (uint256 rest = value / 10; rest != 0; rest /= 10) digits++;
        text = new bytes(digits);
        while (digits != 0) {
            text[--digits] = bytes1(uint8(48 + (value % 10)));
            value /= 10;
        }
    }
}

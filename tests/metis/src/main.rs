//! How would METIS divide this graph?
//!
//! In: a number of parts as argument, a graph in the form of METIS's files (`011`: weights of vertices
//! and edges) on standard input. Out: the part of each vertex, one on a line.
//! Invariant: the seed is fixed, so that the same graph gives the same parts.

use std::{
    error::Error,
    io::{self, Read, Write},
};

use metis::{
    Graph, Idx,
    option::{Seed, UFactor},
};

/// How uneven parts may be, in thousandths above the mean.
const UNEVEN: Idx = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let n_parts = std::env::args().nth(1).ok_or("usage: slotcast-metis PARTS < GRAPH")?.parse()?;
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let mut lines = text.lines();
    let head = lines.next().ok_or("the graph is empty")?;
    if !head.ends_with(" 011") {
        return Err(format!("{head:?} is not the head of a graph with weights, format 011").into());
    }
    let (mut starts, mut neighbours) = (vec![0], Vec::new());
    let (mut edge_weights, mut weights) = (Vec::new(), Vec::new());
    for line in lines {
        let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<Idx>, _>>()?;
        let (weight, edges) = numbers.split_first().ok_or("a vertex has no weight")?;
        weights.push(*weight);
        for edge in edges.chunks(2) {
            let &[neighbour, weight] = edge else { return Err("an edge has no weight".into()) };
            neighbours.push(neighbour - 1);
            edge_weights.push(weight);
        }
        starts.push(neighbours.len() as Idx);
    }
    let mut parts = vec![0; weights.len()];
    if 1 < n_parts {
        Graph::new(1, n_parts, &starts, &neighbours)?
            .set_vwgt(&weights)
            .set_adjwgt(&edge_weights)
            .set_option(Seed(1))
            .set_option(UFactor(UNEVEN))
            .part_kway(&mut parts)?;
    }
    let lines: String = parts.iter().map(|part| format!("{part}\n")).collect();
    io::stdout().write_all(lines.as_bytes())?;
    Ok(())
}

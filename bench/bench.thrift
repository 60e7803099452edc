// What every contestant of the benchmark serves: it gives back what it gets.
namespace js bench

struct Sample {
  1: i64 id,
  2: string name,
  3: list<string> tags,
  4: double score,
  5: bool active
}

service Bench {
  Sample echo(1: Sample sample),
  binary bytes(1: binary data)
}

// `eremos-node explain`: one signal in plain words, with what it rests on, in order. Reads the
// store; decides nothing. Any thread.
#pragma once
#include <string>
#include <vector>

#include "actors/node/chain_names.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

struct explained_event {
  event_id id;
  std::string json;  ///< empty: the store has it no more
};

/// A signal with everything the store knows around it.
struct explanation {
  signal what;
  std::vector<explained_event> evidence;  ///< in the order of the chain
  std::vector<ledger_row> blocks;         ///< those it rests on, as far as the ledger has them
  std::vector<memory_entry> memories;     ///< of its subject, newest first
  std::vector<signal> others;             ///< of its subject, newest first
};

/// Errors: those of the store.
result<explanation> explain(store_reader& store, signal what);

std::string to_text(const explanation& x, const chain_names& chains);
/// One JSON object and a line end.
std::string to_json(const explanation& x);

/// What happened, by the signal's type and details; empty where there are no words for the type.
std::string plain_words(const signal& s);
/// The formula with the numbers that are in it; empty where the signal names none.
std::string formula_with_numbers(const signal& s);

}  // namespace eremos

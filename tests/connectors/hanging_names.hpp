// While one of these lives, looking up a name that ends in "hangs.test" takes as long as it lives.
// Every other name is looked up as usual. Tests only.
#pragma once

namespace eremos::test {

class hanging_names {
 public:
  hanging_names();
  ~hanging_names();
  hanging_names(const hanging_names&) = delete;
  hanging_names& operator=(const hanging_names&) = delete;
};

/// Lookups of such names that were begun so far.
int hanging_lookups() noexcept;

}  // namespace eremos::test

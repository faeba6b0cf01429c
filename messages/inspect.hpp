// Makes std::optional, std::variant and shared immutable data inspectable, so that every message
// can be serialised by CAF. Holds no data of its own and knows nothing of what it carries.
// Any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace eremos {

/// std::optional that CAF can serialise: a flag, then the value.
template <class T>
struct maybe : std::optional<T> {
  maybe() = default;
  maybe(std::nullopt_t) {}
  maybe(T value) : std::optional<T>(std::move(value)) {}

  friend bool operator==(const maybe& a, const maybe& b) {
    return static_cast<const std::optional<T>&>(a) == static_cast<const std::optional<T>&>(b);
  }
};

template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, maybe<T>& x) {
  bool present = x.has_value();
  if constexpr (Inspector::reads_state) {
    if (present) return f(present, *x);
    return f(present);
  } else {
    if (auto err = f(present)) return err;
    x.reset();
    if (present) {
      x.emplace();
      if (auto err = f(*x)) return err;
    }
    return {};
  }
}

/// Shared and immutable: a local hop copies a pointer, a network hop serialises the pointee.
/// Never null: a default-constructed one holds a default-constructed T.
template <class T>
class shared {
 public:
  using element_type = T;

  shared() : ptr_(empty()) {}
  shared(T value) : ptr_(std::make_shared<const T>(std::move(value))) {}
  shared(std::shared_ptr<const T> ptr) : ptr_(ptr ? std::move(ptr) : empty()) {}

  const T& operator*() const noexcept { return *ptr_; }
  const T* operator->() const noexcept { return ptr_.get(); }
  const T* get() const noexcept { return ptr_.get(); }

  friend bool operator==(const shared& a, const shared& b) {
    return a.ptr_ == b.ptr_ || *a.ptr_ == *b.ptr_;
  }

 private:
  static const std::shared_ptr<const T>& empty() {
    static const std::shared_ptr<const T> none = std::make_shared<const T>();
    return none;
  }

  std::shared_ptr<const T> ptr_;
};

template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, shared<T>& x) {
  if constexpr (Inspector::reads_state) {
    return f(const_cast<T&>(*x));  // a saving inspector does not write
  } else {
    auto fresh = std::make_shared<T>();
    if (auto err = f(*fresh)) return err;
    x = shared<T>{std::shared_ptr<const T>{std::move(fresh)}};
    return {};
  }
}

/// std::variant that CAF can serialise: the index, then the alternative.
template <class... Ts>
struct one_of : std::variant<Ts...> {
  using alternatives = std::variant<Ts...>;

  using std::variant<Ts...>::variant;
  using std::variant<Ts...>::operator=;

  const std::variant<Ts...>& base() const noexcept { return *this; }
  std::variant<Ts...>& base() noexcept { return *this; }
  friend bool operator==(const one_of& a, const one_of& b) { return a.base() == b.base(); }
};

namespace detail {
template <std::size_t I, class Inspector, class... Ts>
typename Inspector::result_type load_alternative(Inspector& f, one_of<Ts...>& x,
                                                 std::uint8_t index) {
  if constexpr (I < sizeof...(Ts)) {
    if (index == I) {
      x.base().template emplace<I>();
      return f(std::get<I>(x.base()));
    }
    return load_alternative<I + 1>(f, x, index);
  } else {
    // An index from a newer sender: keep the first alternative, empty.
    x.base().template emplace<0>();
    return {};
  }
}
}  // namespace detail

template <class Inspector, class... Ts>
typename Inspector::result_type inspect(Inspector& f, one_of<Ts...>& x) {
  auto index = static_cast<std::uint8_t>(x.index());
  if constexpr (Inspector::reads_state) {
    return std::visit([&](auto& alternative) { return f(index, alternative); }, x.base());
  } else {
    if (auto err = f(index)) return err;
    return detail::load_alternative<0>(f, x, index);
  }
}

}  // namespace eremos

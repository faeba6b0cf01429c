// What Eremos asks of the allocator that its programs are linked with (docs/decisions/0038).
#pragma once
#include <cstddef>

#ifdef EREMOS_TCMALLOC
#include <gperftools/malloc_extension_c.h>
#endif

namespace eremos {

/// What tcmalloc may keep in the caches of all threads together. Its own default, 32 MB, costs a
/// node at full rate 35 MB, and makes only a replay faster, by a tenth: events are freed by other
/// threads than made them, so that caches fill with what their threads do not ask for.
inline constexpr std::size_t thread_caches_max = 8 << 20;

/// Before other threads are there.
inline void limit_thread_caches() {
#ifdef EREMOS_TCMALLOC
  MallocExtension_SetNumericProperty("tcmalloc.max_total_thread_cache_bytes", thread_caches_max);
#endif
}

}  // namespace eremos

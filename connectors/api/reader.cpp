#include "connectors/api/reader.hpp"

#include <unordered_map>

#include <caf/all.hpp>

#include "connectors/api/problem.hpp"

namespace eremos {
namespace {

/// What a question is, whoever asks it.
std::string key_of(const api_call& call) {
  std::string out = std::to_string(call.route);
  for (const auto& [name, value] : call.arguments) {
    out += '\0';
    out += name;
    out += '\0';
    out += value;
  }
  return out;
}

/// Answers to what was asked since the store last changed: pages that many look at are asked for
/// far more often than there are blocks.
class kept_answers {
 public:
  /// Null: not there. Valid until the next call.
  const web_reply* find(const std::string& key, std::int64_t version) {
    if (version != version_) clear(version);
    const auto at = answers_.find(key);
    return at == answers_.end() ? nullptr : &at->second;
  }
  void keep(std::string key, const web_reply& reply) {
    const auto size = key.size() + reply.body.size();
    if (size > kept_answer_bytes_max) return;
    if (bytes_ + size > kept_answer_bytes_max) clear(version_);
    bytes_ += size;
    answers_.insert_or_assign(std::move(key), reply);
  }

 private:
  void clear(std::int64_t version) {
    answers_.clear();
    bytes_ = 0;
    version_ = version;
  }

  std::unordered_map<std::string, web_reply> answers_;
  std::size_t bytes_ = 0;
  std::int64_t version_ = 0;
};

class reader final : public reader_actor::base {
 public:
  reader(caf::actor_config& cfg, std::string store_path, std::shared_ptr<const api_context> context)
      : reader_actor::base(cfg), path_(std::move(store_path)), context_(std::move(context)) {}

  const char* name() const override { return "reader"; }

  behavior_type make_behavior() override {
    return {[this](const store_work& w) {
      caf::anon_send(w.net_in, web_answer{w.ticket, answer(w.call)});
    }};
  }

 private:
  web_reply answer(const api_call& call) {
    if (!pages_) {
      auto opened = store_pages::open(path_);
      if (!opened) {
        context_->log.error("reader_open", opened.error().message);
        return problem(503, "the store cannot be read");
      }
      pages_ = std::move(*opened);
    }
    const auto* handler = std::get_if<store_handler>(&api_routes()[call.route].handler);
    if (handler == nullptr) return problem(500, "no handler for this route");
    auto key = key_of(call);
    // Asked before the page is read: what changes meanwhile is found out by the next question.
    const auto version = pages_->version();
    if (!version) return problem_of(version.error());
    if (const auto* kept = kept_.find(key, *version)) return *kept;
    auto reply = (*handler)(call, *context_, *pages_);
    if (reply.status != 200) return reply;
    reply.headers.emplace_back("ETag", etag_of(reply.body));
    kept_.keep(std::move(key), reply);
    return reply;
  }

  const std::string path_;
  const std::shared_ptr<const api_context> context_;
  std::unique_ptr<store_pages> pages_;
  kept_answers kept_;
};

}  // namespace

reader_actor spawn_reader(caf::actor_system& system, std::string store_path,
                          std::shared_ptr<const api_context> context) {
  return system.spawn<reader, caf::detached>(std::move(store_path), std::move(context));
}

}  // namespace eremos

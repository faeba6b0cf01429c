#include "connectors/api/reader.hpp"

#include <caf/all.hpp>

#include "connectors/api/problem.hpp"

namespace eremos {
namespace {

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
    return handler != nullptr ? (*handler)(call, *context_, *pages_)
                              : problem(500, "no handler for this route");
  }

  const std::string path_;
  const std::shared_ptr<const api_context> context_;
  std::unique_ptr<store_pages> pages_;
};

}  // namespace

reader_actor spawn_reader(caf::actor_system& system, std::string store_path,
                          std::shared_ptr<const api_context> context) {
  return system.spawn<reader, caf::detached>(std::move(store_path), std::move(context));
}

}  // namespace eremos

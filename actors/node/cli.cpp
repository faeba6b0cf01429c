#include "actors/node/cli.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "actors/node/alerts_words.hpp"
#include "actors/node/scenario.hpp"
#include "actors/node/usage.hpp"
#include "messages/fact_keys.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

/// More threads than any machine we know of has cores.
constexpr std::uint64_t workers_max = 1'024;
/// What one listing may hold in memory; a person pages by --since.
constexpr std::uint64_t limit_max = 1'000'000;

/// Thrown inside CLI11's callbacks, which have no other way to fail; never leaves this file.
[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw CLI::ValidationError{name, why};
}

std::uint64_t to_number(const std::string& name, const std::string& text, std::uint64_t min,
                        std::uint64_t max) {
  const auto parsed = parse_uint256(text);
  if (parsed && parsed->fits_uint64() && parsed->low64() >= min && parsed->low64() <= max)
    return parsed->low64();
  refuse(name, fmt::format("\"{}\" is not a whole number from {} to {}", text, min, max));
}

maybe<double> to_real(const std::string& text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

template <class T>
T value_or_refuse(const std::string& name, result<T> parsed) {
  if (!parsed) refuse(name, parsed.error().message);
  return std::move(*parsed);
}

/// One of some words, with what was probably meant.
std::string to_word(const std::string& name, const std::string& text,
                    const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return text;
  const auto guess = nearest(text, words);
  refuse(name, fmt::format("\"{}\" is not one of {}{}", text, fmt::join(words, ", "),
                           guess.empty() ? "" : fmt::format("; did you mean \"{}\"?", guess)));
}

since_option to_since(const std::string& text) {
  if (const auto span = parse_duration(text)) return before_now{*span};
  if (const auto moment = parse_rfc3339(text)) return *moment;
  refuse("--since", fmt::format("\"{}\" is neither a duration like 24h nor a moment like "
                                "2026-11-22T10:00:00Z",
                                text));
}

class command_line_parser {
 public:
  command_line_parser() : app_("Real-time blockchain intelligence", "eremos-node") {
    app_.footer("\n" + std::string{general_help()});
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_.add_flag("-V,--version", version_flag_, "The same as the command version");
    for (const auto& help : command_helps()) add_command(help);
  }

  result<command> parse(int argc, const char* const* argv) {
    // "help" and "help run", as other programs have it.
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    if (!words.empty() && words.front() == "help") {
      words.erase(words.begin());
      words.emplace_back("--help");
    }
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
      return command{help_command{app_.help()}};
    } catch (const CLI::ParseError& error) {
      return explained(error);
    }
    return chosen();
  }

 private:
  using setter = std::function<void(const std::string&)>;

  CLI::Option* option(CLI::App* sub, const std::string& name, const std::string& sentence,
                      const std::string& type, setter set) {
    return sub->add_option_function<std::string>(name, std::move(set), sentence)->type_name(type);
  }
  CLI::Option* number(CLI::App* sub, const std::string& name, const std::string& sentence,
                      std::uint64_t min, std::uint64_t max,
                      std::function<void(std::uint64_t)> set) {
    return option(sub, name, sentence, "N",
                  [=](const std::string& text) { set(to_number(name, text, min, max)); });
  }

  void add_command(const command_help& help) {
    auto* sub = app_.add_subcommand(std::string{help.name}, std::string{help.sentence});
    sub->footer("\nExamples:\n" + std::string{help.examples});
    sub->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    if (help.name == "run") add_run(sub);
    if (help.name == "replay") add_replay(sub);
    if (help.name == "check") {
      sub->add_option("FILE", check_.file, "The configuration")->required()->type_name("");
      add_load(sub, check_.load);
    }
    if (help.name == "signals") add_signals(sub);
    if (help.name == "memory") add_memory(sub);
    if (help.name == "blocks") {
      add_chain(sub, blocks_.chain);
      add_limit(sub, blocks_.limit);
      option(sub, "--state", "Only blocks that are verified, repaired, suspect or unchecked",
             "STATE", [this](const auto& text) {
               blocks_.state = value_or_refuse("--state", parse_integrity_state(text));
             });
    }
    if (help.name == "facts") {
      option(sub, "ADDRESS", "Of one token or pool; of a pool of Uniswap V4 its id", "",
             [this](const auto& text) {
               if (const auto id = parse_hash32(text))
                 facts_.who = pool_fact_key(*id);
               else
                 facts_.who = value_or_refuse("ADDRESS", parse_address(text));
             });
      add_chain(sub, facts_.chain);
      add_limit(sub, facts_.limit);
    }
    if (help.name == "wallet") {
      option(sub, "ADDRESS", "The wallet or contract", "", [this](const auto& text) {
        wallet_.who = value_or_refuse("ADDRESS", parse_address(text));
      })->required();
      add_chain(sub, wallet_.chain);
    }
    if (help.name == "explain")
      option(sub, "SIGNAL_ID", "The signal's id, 32 hex digits", "", [this](const auto& text) {
        explain_.id = value_or_refuse("SIGNAL_ID", parse_signal_id(text));
      })->required();
    if (help.name == "labels")
      option(sub, "WHAT", "reload: read the files of [labels] again", "", [this](const auto& text) {
        if (text != "reload")
          throw CLI::ValidationError("WHAT", "want reload, or nothing for a list");
        labels_.reload = true;
      });
    if (help.name == "alerts") add_alerts(sub);
    add_common(sub, help.name);
  }

  void add_common(CLI::App* sub, std::string_view name) {
    const bool works = name == "run" || name == "replay";
    if (name != "replay")
      sub->add_flag("--json", common_.json, works ? "Signals as JSON Lines on stdout" : "As JSON");
    if (name == "version") return;
    option(sub, "--color", "auto, always or never", "WHEN", [this](const auto& text) {
      const auto word = to_word("--color", text, {"auto", "always", "never"});
      common_.colour = word == "always"  ? colour_choice::always
                       : word == "never" ? colour_choice::never
                                         : colour_choice::automatic;
    });
    if (name == "check") return;
    option(sub, "--config", "Configuration, TOML", "FILE",
           [this](const auto& text) { common_.config = text; });
    if (name == "doctor") {
      option(sub, "--listen", "How long subscriptions have to say something", "TIME",
             [this](const auto& text) {
               doctor_.listen = value_or_refuse("--listen", parse_duration(text));
             });
      return;
    }
    option(sub, "--data-dir", "Data folder", "DIR",
           [this](const auto& text) { common_.data_dir = text; });
    if (!works) return;
    number(sub, "--workers", "Threads for actors; 0: one per core", 0, workers_max,
           [this](std::uint64_t n) { common_.workers = static_cast<std::size_t>(n); });
    option(sub, "--log-level", "trace, debug, info, warn or error", "LEVEL",
           [this](const auto& text) {
             to_word("--log-level", text, {"trace", "debug", "info", "warn", "error"});
             common_.level = *parse_log_level(text);
           });
    option(sub, "--log-format", "text or json", "FORMAT", [this](const auto& text) {
      to_word("--log-format", text, {"text", "json"});
      common_.format = *parse_log_format(text);
    });
  }

  void add_run(CLI::App* sub) {
    sub->add_flag("--mock", run_.mock, "A chain made up here instead of the configured ones");
    sub->add_option("--scenario", run_.scenario,
                    fmt::format("What the mock chain shows, until it ends; implies --mock. A file "
                                "that ends in .toml, or one of {}",
                                fmt::join(scenario_names(), ", ")))
        ->type_name("NAME");
    number(sub, "--seed", "Seed of the mock chain", 0, UINT64_MAX,
           [this](std::uint64_t n) { run_.seed = n; });
    option(sub, "--rate", "Events per second of the mock chain, or max", "R",
           [this](const auto& text) {
             const auto rate = to_real(text);
             if (text != "max" && !(rate && *rate > 0))
               refuse("--rate", fmt::format("\"{}\" is neither a number above 0 nor max", text));
             run_.rate = text;
           });
    option(sub, "--for", "Stop after this long, like 30s or 5m", "TIME", [this](const auto& text) {
      run_.run_for = value_or_refuse("--for", parse_duration(text));
    });
    sub->add_flag("--expect", run_.expect,
                  "Run the scenario as fast as it goes and check what it expects: exit 0 or 1");
    add_events(sub, run_.events);
    option(sub, "--listen", "Where the API listens", "HOST:PORT", [this](const auto& text) {
      if (auto bad = check_listen(text)) refuse("--listen", *bad);
      run_.listen = text;
    });
    sub->add_flag("--no-api", run_.no_api, "No API");
    add_load(sub, run_.load);
  }

  void add_replay(CLI::App* sub) {
    sub->add_option("FILE", replay_.files, "Recordings, in order; .gz as well")
        ->required()
        ->type_name("")
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    number(sub, "--chain-id", "Only lines of this chain", 1, UINT64_MAX,
           [this](std::uint64_t n) { replay_.chain = n; });
    sub->add_option("--agents", replay_.agents, "Only these agents")
        ->delimiter(',')
        ->type_name("A,B")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    add_events(sub, replay_.events);
    option(sub, "--verify", "How far blocks are checked: full, logs or links", "LEVEL",
           [this](const auto& text) {
             replay_.verify = value_or_refuse("--verify", parse_verify_level(text));
           });
    sub->add_option("--summary", replay_.summary, "File for counts, JSON")->type_name("FILE");
    add_load(sub, replay_.load);
  }

  void add_events(CLI::App* sub, std::string& file) {
    sub->add_option("--events", file, "File for each committed event, JSON Lines")
        ->type_name("FILE");
  }

  void add_load(CLI::App* sub, std::vector<std::string>& files) {
    sub->add_option("--load", files, "A shared library of agents, a plugin; may be repeated")
        ->type_name("LIB.so")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void add_chain(CLI::App* sub, std::string& chain) {
    sub->add_option("--chain", chain, "Of one chain, by name or id")->type_name("CHAIN");
  }

  void add_limit(CLI::App* sub, std::size_t& limit) {
    number(sub, "--limit", "At most so many (100)", 1, limit_max,
           [&limit](std::uint64_t n) { limit = static_cast<std::size_t>(n); });
  }

  /// The filters that signals and memory share.
  template <class Command>
  void add_filters(CLI::App* sub, Command& what) {
    option(sub, "--agent", "Of one agent", "ID",
           [&what](const std::string& text) { what.agent = text; });
    add_chain(sub, what.chain);
    option(sub, "--status", "provisional, active, retracted or expired", "STATUS",
           [&what](const std::string& text) {
             to_word("--status", text, {"provisional", "active", "retracted", "expired"});
             what.status = *parse_signal_status(text);
           });
    option(sub, "--since", "Not older than 24h, or than 2026-11-22T10:00:00Z", "WHEN",
           [&what](const std::string& text) { what.since = to_since(text); });
    option(sub, "--min-confidence", "At least this sure, 0 to 1", "C",
           [&what](const std::string& text) {
             const auto least = to_real(text);
             if (!least || !(*least >= 0 && *least <= 1))
               refuse("--min-confidence", fmt::format("\"{}\" is not a number from 0 to 1", text));
             what.min_confidence = *least;
           });
    option(sub, "--subject", "About one address, contract or transaction", "0x…",
           [&what](std::string text) {
             // As stored: hex in lower case; a rule's subject may be any word.
             if (text.starts_with("0x"))
               std::transform(text.begin(), text.end(), text.begin(),
                              [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
             what.subject = std::move(text);
           });
    add_limit(sub, what.limit);
  }

  void add_signals(CLI::App* sub) {
    option(sub, "--type", "Of one type, like wallet_reactivated", "TYPE",
           [this](const auto& text) { signals_.type = text; });
    option(sub, "--severity", "At least so severe: info, low, medium, high or critical", "LEVEL",
           [this](const auto& text) {
             to_word("--severity", text, {"info", "low", "medium", "high", "critical"});
             signals_.min_severity = *parse_severity(text);
           });
    add_filters(sub, signals_);
  }

  void add_memory(CLI::App* sub) {
    option(sub, "--type", "pattern, anomaly, intelligence or correlation", "TYPE",
           [this](const auto& text) {
             to_word("--type", text, {"pattern", "anomaly", "intelligence", "correlation"});
             memory_.type = *parse_memory_type(text);
           });
    sub->add_option("--tag", memory_.tags, "With this tag; may be repeated: with all of them")
        ->type_name("TAG")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    add_filters(sub, memory_);
  }

  void add_alerts(CLI::App* sub) {
    sub->add_option("WHAT", alerts_words_,
                    "test ROUTE, list, dead, resend ID, silence add, silence list or silence "
                    "remove ID")
        ->required()
        ->type_name("")
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    const auto text = [&](const char* name, const char* sentence, const char* type,
                          maybe<std::string>& to) {
      option(sub, name, sentence, type, [this, name, &to](const std::string& value) {
        to = value;
        alerts_given_.emplace_back(name);
      });
    };
    text("--state", "list: only those that are due, delivered, dead, held, …", "STATE",
         alerts_.state);
    text("--sink", "list, dead: of one sink", "SINK", alerts_.sink);
    text("--route", "list, dead, silence add: of one route", "ROUTE", alerts_.route);
    text("--type", "silence add: signals of one type", "TYPE", alerts_.type);
    text("--agent", "silence add: of one agent", "ID", alerts_.agent);
    text("--subject", "silence add: about one subject", "0x…", alerts_.subject);
    option(sub, "--for", "silence add: for how long, like 2h", "TIME",
           [this](const std::string& value) {
             alerts_.lasts = value_or_refuse("--for", parse_duration(value));
             alerts_given_.emplace_back("--for");
           });
    option(sub, "--comment", "silence add: why", "TEXT", [this](const std::string& value) {
      alerts_.comment = value;
      alerts_given_.emplace_back("--comment");
    });
    add_limit(sub, alerts_.limit);
  }

  std::vector<std::string> command_names() const {
    std::vector<std::string> names;
    for (const auto& help : command_helps()) names.emplace_back(help.name);
    return names;
  }

  failure unknown_word(const CLI::App* sub, const std::string& word) const {
    if (!word.starts_with('-') && sub == nullptr)
      return usage(nullptr, fmt::format("unknown command \"{}\"", word),
                   nearest(word, command_names()));
    if (!word.starts_with('-'))
      return usage(sub, fmt::format("{}: unexpected argument \"{}\"", sub->get_name(), word), {});
    std::vector<std::string> names;
    for (const auto* known : (sub != nullptr ? sub : &app_)->get_options())
      for (const auto& name : known->get_lnames()) names.push_back("--" + name);
    const auto bare = word.substr(0, word.find('='));
    return usage(sub,
                 sub == nullptr ? fmt::format("unknown option \"{}\"", bare)
                                : fmt::format("{}: unknown option \"{}\"", sub->get_name(), bare),
                 nearest(bare, names));
  }

  failure usage(const CLI::App* sub, const std::string& what, std::string_view guess) const {
    return {errc::bad_usage,
            fmt::format("{}{}\nTry: eremos-node {}--help", what,
                        guess.empty() ? "" : fmt::format("; did you mean \"{}\"?", guess),
                        sub == nullptr ? "" : sub->get_name() + " ")};
  }

  const CLI::App* selected() const {
    const auto subs = app_.get_subcommands();
    return subs.empty() ? nullptr : subs.front();
  }

  failure explained(const CLI::ParseError& error) const {
    const auto* sub = selected();
    const auto extra =
        sub != nullptr && !sub->remaining().empty() ? sub->remaining() : app_.remaining(true);
    if (!extra.empty()) return unknown_word(sub, extra.front());
    std::string what = error.what();
    // "--seed: 1 required N missing"
    if (error.get_name() == "ArgumentMismatch")
      what = what.substr(0, what.find(':')) + " needs a value";
    return usage(sub, sub == nullptr ? what : fmt::format("{}: {}", sub->get_name(), what), {});
  }

  result<command> chosen() {
    if (version_flag_) return command{version_command{common_}};
    const auto* sub = selected();
    if (sub == nullptr)
      return usage(nullptr,
                   fmt::format("no command; want one of {}", fmt::join(command_names(), ", ")), {});
    const auto& name = sub->get_name();
    run_.mock = run_.mock || !run_.scenario.empty();
    if (name == "run" && run_.expect && run_.scenario.empty())
      return usage(sub, "run: --expect needs --scenario NAME", {});
    if (name == "run" && !run_.mock && !common_.config)
      return usage(sub, "run: needs --config FILE, or --mock for a chain made up here", {});
    if (name == "doctor" && !common_.config) return usage(sub, "doctor: needs --config FILE", {});
    if (name == "run" && !run_.mock && (run_.seed || !run_.rate.empty()))
      return usage(sub, "run: --seed and --rate belong to --mock", {});
    if (name == "alerts") {
      auto parsed = parse_alerts_words(alerts_words_, alerts_given_, with_common(alerts_));
      if (!parsed) return usage(sub, parsed.error().message, {});
      return command{std::move(*parsed)};
    }
    return taken(name);
  }

  template <class Command>
  Command with_common(Command what) const {
    what.common = common_;
    return what;
  }

  command taken(const std::string& name) const {
    if (name == "run") return with_common(run_);
    if (name == "replay") return with_common(replay_);
    if (name == "check") return with_common(check_);
    if (name == "doctor") return with_common(doctor_);
    if (name == "agents") return with_common(agents_command{});
    if (name == "signals") return with_common(signals_);
    if (name == "memory") return with_common(memory_);
    if (name == "blocks") return with_common(blocks_);
    if (name == "facts") return with_common(facts_);
    if (name == "wallet") return with_common(wallet_);
    if (name == "stats") return with_common(stats_command{});
    if (name == "labels") return with_common(labels_);
    if (name == "explain") return with_common(explain_);
    return version_command{common_};
  }

  CLI::App app_;
  bool version_flag_ = false;
  common_options common_;
  run_command run_;
  replay_command replay_;
  check_command check_;
  doctor_command doctor_;
  signals_command signals_;
  memory_command memory_;
  blocks_command blocks_;
  facts_command facts_;
  wallet_command wallet_;
  labels_command labels_;
  explain_command explain_;
  alerts_command alerts_;
  std::vector<std::string> alerts_words_;
  std::vector<std::string> alerts_given_;  ///< options
};

}  // namespace

result<command> parse_command_line(int argc, const char* const* argv) {
  return command_line_parser{}.parse(argc, argv);
}

}  // namespace eremos

#include "actors/node/usage.hpp"

#include <algorithm>
#include <cassert>

namespace eremos {

const std::vector<command_help>& command_helps() {
  static const std::vector<command_help> all = {
      {"run", "Watch chains and print signals as they come",
       "  eremos-node run --mock --for 30s\n"
       "  eremos-node run --mock --seed 7 --rate max --json\n"
       "  eremos-node run --scenario mint_spike\n"
       "  eremos-node run --scenario mint_spike --seed 7 --expect\n"
       "  eremos-node run --config eremos.toml\n"
       "  eremos-node run --config eremos.toml --events events.jsonl --log-format json\n"
       "  eremos-node run --mock --load ./libhello_plugin.so\n"},
      {"replay", "Read recordings and print their signals as JSON Lines",
       "  eremos-node replay blocks.jsonl.gz --summary summary.json > signals.jsonl\n"
       "  eremos-node replay --agents skiero,intelligence --data-dir D part1.jsonl part2.jsonl\n"},
      {"check", "Say whether a configuration is valid",
       "  eremos-node check eremos.toml\n"
       "  eremos-node check eremos.toml --json\n"
       "  eremos-node check eremos.toml --load ./libhello_plugin.so\n"},
      {"doctor", "Try out each configured provider and say what really works",
       "  eremos-node doctor --config eremos.toml\n"
       "  eremos-node doctor --config eremos.toml --listen 60s --json\n"},
      {"agents", "Show the agents of the running node, or of the last one",
       "  eremos-node agents\n"
       "  eremos-node agents --data-dir D --json\n"},
      {"signals", "List stored signals, newest first",
       "  eremos-node signals --since 24h --min-confidence 0.8\n"
       "  eremos-node signals --type wallet_reactivated --chain ethereum --json\n"
       "  eremos-node signals --status retracted --limit 10\n"},
      {"memory", "List what agents remember, newest first",
       "  eremos-node memory --type correlation --tag whale\n"
       "  eremos-node memory --agent skiero --since 2026-11-22T10:00:00Z --json\n"},
      {"blocks", "List stored blocks, newest first",
       "  eremos-node blocks --chain polygon --limit 20\n"
       "  eremos-node blocks --state suspect --json\n"},
      {"facts", "List what contracts said of themselves, newest first",
       "  eremos-node facts --chain ethereum\n"
       "  eremos-node facts 0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc --json\n"},
      {"wallet", "Tell what is known of one wallet on each chain",
       "  eremos-node wallet 0x71660c4005BA85c37ccec55d0C4493E66Fe775d3\n"
       "  eremos-node wallet 0x71660c4005BA85c37ccec55d0C4493E66Fe775d3 --chain ethereum --json\n"},
      {"stats", "Show the counters of the running node, or of the last one",
       "  eremos-node stats\n"
       "  eremos-node stats --json\n"},
      {"labels", "List who is known to the running node, or have it read your files again",
       "  eremos-node labels --json\n"
       "  eremos-node labels reload\n"},
      {"explain", "Tell one signal in plain words, with all it rests on",
       "  eremos-node explain 3f2a9c0d5e6b7a8190a1b2c3d4e5f607\n"
       "  eremos-node explain 3f2a9c0d5e6b7a8190a1b2c3d4e5f607 --json\n"},
      {"alerts", "Look after alerts: test, list, dead, resend, silence",
       "  eremos-node alerts test ROUTE --config eremos.toml\n"
       "  eremos-node alerts list --sink ops --state due\n"
       "  eremos-node alerts dead --json\n"
       "  eremos-node alerts resend alert_3f2a9c0d5e6b7a8190a1b2c3d4e5f607\n"
       "  eremos-node alerts silence add --type flood --for 2h --comment ticket-7\n"
       "  eremos-node alerts silence list\n"
       "  eremos-node alerts silence remove 1\n"},
      {"version", "Say what this program is made of",
       "  eremos-node version\n"
       "  eremos-node version --json\n"},
  };
  return all;
}

const command_help& help_of(std::string_view name) {
  const auto& all = command_helps();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& help) { return help.name == name; });
  assert(at != all.end());
  return *at;
}

std::string_view general_help() {
  return "Examples:\n"
         "  eremos-node run --mock --for 30s         a chain made up here, no network\n"
         "  eremos-node check eremos.toml            then: eremos-node run --config eremos.toml\n"
         "  eremos-node signals --since 24h --json   what was found, also beside a running node\n"
         "\n"
         "Data go to stdout, talk to stderr. Exit codes: 0 ok, 1 failure, 2 usage, 78 bad\n"
         "configuration. SIGTERM and SIGINT finish what is begun and exit 0; a second one ends\n"
         "at once. Data folder: --data-dir, else node.data_dir of the configuration, else\n"
         "$XDG_STATE_HOME/eremos; a scenario without --data-dir keeps nothing.\n";
}

}  // namespace eremos

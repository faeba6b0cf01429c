#compdef eremos-node
# Completion of eremos-node for zsh. tests/system/test_packaging.py holds it against --help.

_eremos_node() {
  local -a commands common work filters load
  commands=(
    'run:Watch chains and print signals as they come'
    'replay:Read recordings and print their signals as JSON Lines'
    'check:Say whether a configuration is valid'
    'doctor:Try each configured provider'
    'agents:Show the agents of the running node, or of the last one'
    'signals:List stored signals, newest first'
    'memory:List what agents remember, newest first'
    'blocks:List stored blocks, newest first'
    'facts:List what contracts said of themselves, newest first'
    'wallet:Tell what is known of one wallet on each chain'
    'stats:Show the counters of the running node, or of the last one'
    'labels:List who is known to the running node, or have it read your files again'
    'explain:Show one signal with its evidence'
    'alerts:Look after alerts'
    'version:Say what this program is made of'
    'help:Show help'
  )
  local help='--help[show help]' json='--json[as JSON]' config='--config[configuration]:file:_files'
  local data='--data-dir[data folder]:folder:_directories' color='--color[colours]:when:(auto always never)'
  common=($help $json $color $config $data)
  work=($help $color $config $data '--workers[threads for actors]:number:'
    '--log-level[what the log tells]:level:(trace debug info warn error)' '--log-format[how]:format:(text json)')
  load=('*--load[a plugin]:library:_files')
  filters=('--agent[of one agent]:id:' '--chain[of one chain]:chain:' '--limit[at most so many]:number:'
    '--status[in this state]:status:(provisional active retracted expired)' '--since[not older]:when:'
    '--min-confidence[at least this sure]:number:' '--subject[about one subject]:subject:')

  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments '--help[show help]' '--version[the same as the command version]'
    return
  fi
  case $words[2] in
    (run) _arguments $work $json $load '--mock[a made-up chain]' '--scenario[what it shows]:name:' '--seed[its seed]:number:' \
      '--rate[its events per second]:rate:' '--for[stop after this long]:time:' '--expect[check what the scenario expects]' \
      '--events[file for committed events]:file:_files' '--listen[where the API listens]:address:' '--no-api[no API]' ;;
    (replay) _arguments $work $load '--chain-id[only lines of this chain]:id:' '--agents[only these agents]:ids:' \
      '--verify[how far blocks are checked]:level:(full logs links)' \
      '--events[file for committed events]:file:_files' '--summary[file for counts]:file:_files' '*:recording:_files' ;;
    (check) _arguments $help $json $color $load '1:configuration:_files' ;;
    (doctor) _arguments $help $json $color $config '--listen[how long subscriptions have]:time:' ;;
    (agents|stats|explain) _arguments $common ;;
    (labels) _arguments $common '1:what:(reload)' ;;
    (signals) _arguments $common $filters '--type[of one type]:type:' '--severity[at least]:level:(info low medium high critical)' ;;
    (memory) _arguments $common $filters '--type[of one type]:type:(pattern anomaly intelligence correlation)' '*--tag[with this tag]:tag:' ;;
    (blocks) _arguments $common '--chain[of one chain]:chain:' '--limit[at most so many]:number:' \
      '--state[only these]:state:(verified repaired suspect unchecked)' ;;
    (facts) _arguments $common '1:address:' '--chain[of one chain]:chain:' '--limit[at most so many]:number:' ;;
    (wallet) _arguments $common '1:address:' '--chain[of one chain]:chain:' ;;
    (alerts) _arguments $common '1:what:(test list dead resend silence)' '2:what:(add list remove)' '--state[only these]:state:' \
      '--sink[of one sink]:sink:' '--route[of one route]:route:' '--type[of one type]:type:' '--agent[of one agent]:id:' \
      '--subject[about one subject]:subject:' '--for[for how long]:time:' '--comment[why]:text:' '--limit[at most so many]:number:' ;;
    (version) _arguments $help $json ;;
  esac
}
_eremos_node "$@"

# Completion of eremos-node for bash. tests/system/test_packaging.py holds it against --help.

_eremos_node() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  local show='--help --json --color --config --data-dir'
  local work='--help --color --config --data-dir --workers --log-level --log-format'
  local options= words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words='run replay check doctor agents signals memory blocks facts wallet stats labels explain alerts version help'
    COMPREPLY=($(compgen -W "$words --help --version" -- "$cur"))
    return
  fi
  case $prev in
    --color) words='auto always never' ;;
    --log-level) words='trace debug info warn error' ;;
    --log-format) words='text json' ;;
    --status) words='provisional active retracted expired' ;;
    --severity) words='info low medium high critical' ;;
    --scenario) words='anomaly calm contract_deployment coordinated_response dormant_wallet
      high_frequency_trading launch_sequence mint_spike wallet_clustering' ;;
    --state)
      words='verified repaired suspect unchecked'
      [[ $command == alerts ]] && words='held gathered due delivered dead grouped suppressed silenced inhibited cancelled'
      ;;
    --type) [[ $command == memory ]] && words='pattern anomaly intelligence correlation' ;;
    --config | --events | --summary | --load) COMPREPLY=($(compgen -f -- "$cur")) && return ;;
    --data-dir) COMPREPLY=($(compgen -d -- "$cur")) && return ;;
  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case $command in
    run) options="$work --json --mock --scenario --seed --rate --for --expect --events --listen --no-api --load" ;;
    replay) options="$work --chain-id --agents --verify --events --summary --load" ;;
    check) options='--help --json --color --load' ;;
    doctor) options='--help --json --color --config --listen' ;;
    agents | stats | labels | explain) options=$show ;;
    signals) options="$show --type --severity --agent --chain --status --since --min-confidence --subject --limit" ;;
    memory) options="$show --type --tag --agent --chain --status --since --min-confidence --subject --limit" ;;
    blocks) options="$show --chain --limit --state" ;;
    facts) options="$show --chain --limit" ;;
    wallet) options="$show --chain" ;;
    alerts)
      options="$show --state --sink --route --type --agent --subject --for --comment --limit"
      if [[ $cur != -* ]]; then
        ((COMP_CWORD == 2)) && words='test list dead resend silence'
        [[ $prev == silence ]] && words='add list remove'
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
        return
      fi
      ;;
    version) options='--help --json' ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ $command == replay || $command == check ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _eremos_node eremos-node

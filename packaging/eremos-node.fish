# Completion of eremos-node for fish. tests/system/test_packaging.py holds it against --help.

complete -c eremos-node -f
complete -c eremos-node -n __fish_use_subcommand -l help -d 'show help'
complete -c eremos-node -n __fish_use_subcommand -l version -d 'the same as the command version'
complete -c eremos-node -n __fish_use_subcommand -a run -d 'Watch chains and print signals'
complete -c eremos-node -n __fish_use_subcommand -a replay -d 'Read recordings'
complete -c eremos-node -n __fish_use_subcommand -a check -d 'Say whether a configuration is valid'
complete -c eremos-node -n __fish_use_subcommand -a doctor -d 'Try each configured provider'
complete -c eremos-node -n __fish_use_subcommand -a agents -d 'Show the agents'
complete -c eremos-node -n __fish_use_subcommand -a signals -d 'List stored signals'
complete -c eremos-node -n __fish_use_subcommand -a memory -d 'List what agents remember'
complete -c eremos-node -n __fish_use_subcommand -a blocks -d 'List stored blocks'
complete -c eremos-node -n __fish_use_subcommand -a facts -d 'List what contracts said of themselves'
complete -c eremos-node -n __fish_use_subcommand -a wallet -d 'Tell what is known of one wallet'
complete -c eremos-node -n __fish_use_subcommand -a stats -d 'Show the counters'
complete -c eremos-node -n __fish_use_subcommand -a labels -d 'List or reload the labels'
complete -c eremos-node -n __fish_use_subcommand -a explain -d 'Show one signal with its evidence'
complete -c eremos-node -n __fish_use_subcommand -a alerts -d 'Look after alerts'
complete -c eremos-node -n __fish_use_subcommand -a version -d 'Say what this program is made of'
complete -c eremos-node -n __fish_use_subcommand -a help -d 'Show help'

complete -c eremos-node -n '__fish_seen_subcommand_from run replay check doctor agents signals memory blocks facts wallet stats labels explain alerts version' -l help
complete -c eremos-node -n '__fish_seen_subcommand_from run check doctor agents signals memory blocks facts wallet stats labels explain alerts version' -l json
complete -c eremos-node -n '__fish_seen_subcommand_from run replay check doctor agents signals memory blocks facts wallet stats labels explain alerts' -l color -xa 'auto always never'
complete -c eremos-node -n '__fish_seen_subcommand_from run replay doctor agents signals memory blocks facts wallet stats labels explain alerts' -l config -rF
complete -c eremos-node -n '__fish_seen_subcommand_from run replay agents signals memory blocks facts wallet stats labels explain alerts' -l data-dir -xa '(__fish_complete_directories)'
complete -c eremos-node -n '__fish_seen_subcommand_from run replay' -l workers -x
complete -c eremos-node -n '__fish_seen_subcommand_from run replay' -l log-level -xa 'trace debug info warn error'
complete -c eremos-node -n '__fish_seen_subcommand_from run replay' -l log-format -xa 'text json'
complete -c eremos-node -n '__fish_seen_subcommand_from run replay check' -l load -rF
complete -c eremos-node -n '__fish_seen_subcommand_from run replay' -l events -rF
complete -c eremos-node -n '__fish_seen_subcommand_from run' -l mock
complete -c eremos-node -n '__fish_seen_subcommand_from run' -l scenario -r
complete -c eremos-node -n '__fish_seen_subcommand_from run' -l seed -x
complete -c eremos-node -n '__fish_seen_subcommand_from run' -l rate -x
complete -c eremos-node -n '__fish_seen_subcommand_from run alerts' -l for -x
complete -c eremos-node -n '__fish_seen_subcommand_from run' -l expect
complete -c eremos-node -n '__fish_seen_subcommand_from run doctor' -l listen -x
complete -c eremos-node -n '__fish_seen_subcommand_from run' -l no-api
complete -c eremos-node -n '__fish_seen_subcommand_from replay' -l chain-id -x
complete -c eremos-node -n '__fish_seen_subcommand_from replay' -l agents -x
complete -c eremos-node -n '__fish_seen_subcommand_from replay' -l verify -xa 'full logs links'
complete -c eremos-node -n '__fish_seen_subcommand_from replay' -l summary -rF
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory alerts' -l type -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals' -l severity -xa 'info low medium high critical'
complete -c eremos-node -n '__fish_seen_subcommand_from memory' -l tag -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory alerts' -l agent -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory blocks facts wallet' -l chain -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory' -l status -xa 'provisional active retracted expired'
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory' -l since -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory' -l min-confidence -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory alerts' -l subject -x
complete -c eremos-node -n '__fish_seen_subcommand_from signals memory blocks facts alerts' -l limit -x
complete -c eremos-node -n '__fish_seen_subcommand_from blocks' -l state -xa 'verified repaired suspect unchecked'
complete -c eremos-node -n '__fish_seen_subcommand_from alerts' -l state -xa 'held gathered due delivered dead grouped suppressed silenced inhibited cancelled'
complete -c eremos-node -n '__fish_seen_subcommand_from alerts' -l sink -x
complete -c eremos-node -n '__fish_seen_subcommand_from alerts' -l route -x
complete -c eremos-node -n '__fish_seen_subcommand_from alerts' -l comment -x
complete -c eremos-node -n '__fish_seen_subcommand_from replay check' -F
complete -c eremos-node -n '__fish_seen_subcommand_from alerts; and not __fish_seen_subcommand_from test list dead resend silence' -a 'test list dead resend silence'
complete -c eremos-node -n '__fish_seen_subcommand_from silence; and not __fish_seen_subcommand_from add list remove' -a 'add list remove'

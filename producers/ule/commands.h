/* SPDX-License-Identifier: MIT */
/* The subcommands of `ule`, a file each. Each is called as a main of its own, argv[0] being "ule <name>"; it exits 0, 1
 * (ran, found something wrong) or 2 (usage), writes data to stdout and the rest to stderr (design.md section 9). */
#ifndef ULE_COMMANDS_H
#define ULE_COMMANDS_H

enum ule_exit { ULE_EXIT_OK = 0, ULE_EXIT_FOUND = 1, ULE_EXIT_USAGE = 2 };

int ule_dead_letter_main(int argc, char **argv);
int ule_explain_main(int argc, char **argv);
int ule_diff_main(int argc, char **argv);
int ule_extract_main(int argc, char **argv);
int ule_generate_main(int argc, char **argv);
int ule_publish_main(int argc, char **argv);
int ule_record_main(int argc, char **argv);
int ule_repartition_main(int argc, char **argv);
int ule_replay_main(int argc, char **argv);
int ule_topics_main(int argc, char **argv);

#endif

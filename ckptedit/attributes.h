/* Extended attributes of files: access lists, labels, and what users put there. */
#ifndef CKPTEDIT_ATTRIBUTES_H
#define CKPTEDIT_ATTRIBUTES_H

/* Gives one file those of another. What only the system may give (security labels, trusted attributes), and what the file system of `to` has none of, stays away where it is refused. Returns 0
 * or a negative errno. */
int attributes_copy(int from, int to);

#endif

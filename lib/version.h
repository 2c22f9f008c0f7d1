#ifndef TXPIPE_VERSION_H
#define TXPIPE_VERSION_H

#define TXPIPE_VERSION "0.1.0"

#endif

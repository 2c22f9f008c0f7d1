listen txpipe;
